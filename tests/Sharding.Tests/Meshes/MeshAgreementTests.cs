using E3Scale.Sharding.RankProgram;

namespace E3Scale.Sharding.Tests.Meshes;

/// <summary>The same recipe on every mesh gives what one rank gives.</summary>
[Collection(nameof(MeshJob))]
public sealed class MeshAgreementTests(MeshJob job)
{
    // Meshes add the same numbers in other orders: about 1e-7 of a loss per step in float32, which training carries along. 1e-4 is the
    // promise; an error in sharding (a gradient left out or counted twice) shows as 1e-2 and more.
    private const double Tolerance = 1e-4;

    /// <summary>All meshes but one rank.</summary>
    public static TheoryData<int, int, int> Meshes => ToData(MeshRuns.Meshes.Select(pair => pair.Mesh).Where(shape => shape != MeshRuns.OneRank));

    /// <summary>Meshes with more than one stage.</summary>
    public static TheoryData<int, int, int> Pipelines => ToData(MeshRuns.Meshes.Select(pair => pair.Mesh).Where(shape => shape.Pipeline > 1));

    /// <summary>All meshes.</summary>
    public static TheoryData<int, int, int> AllMeshes => ToData(MeshRuns.Meshes.Select(pair => pair.Mesh));

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void Train_AllParameters_AgreesWithOneRank(int pipeline, int expert, int data) =>
        AssertAgree(MeshRuns.Full, new MeshShape(pipeline, expert, data));

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void Train_Adapters_AgreesWithOneRank(int pipeline, int expert, int data) =>
        AssertAgree(MeshRuns.Lora, new MeshShape(pipeline, expert, data));

    [SkippableTheory]
    [MemberData(nameof(Pipelines))]
    public void Train_ZeroBubble_AgreesWithOneRankAndLeavesNoTensors(int pipeline, int expert, int data)
    {
        var shape = new MeshShape(pipeline, expert, data);
        foreach (var (run, reference) in new[] { (MeshRuns.FullZeroBubble, MeshRuns.Full), (MeshRuns.LoraZeroBubble, MeshRuns.Lora) })
        {
            AssertAgree(reference, run, shape);
            Assert.All(job.Training(run, shape).TensorGrowth, growth => Assert.Equal(0, growth));
        }
    }

    [SkippableFact]
    public void Train_TiedEmbeddingOnBothEnds_AgreesWithOneRank() => AssertAgree(MeshRuns.Tied, MeshRuns.TwoStages);

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void Search_Masks_AgreeWithOneRank(int pipeline, int expert, int data)
    {
        var (expected, actual) = AssertAgree(MeshRuns.Search, new MeshShape(pipeline, expert, data));
        Close.AssertEqual(expected.Scores, actual.Scores, Tolerance, "score of layer");
        Close.AssertEqual(expected.Judged, actual.Judged, Tolerance, "loss of judged mask");
        Assert.Equal(expected.Judged.Length, expected.Judged.Distinct().Count()); // every layer matters
        Assert.Equal(expected.Kept, actual.Kept);
        // Agreement means something only if the search moved: 10 Adam steps of 0.05 move a score by up to 0.5.
        Assert.Equal(TinyModel.DeepSeek.Config.LayerCount - 2, actual.Kept.Count(kept => kept));
        Assert.True(actual.ScoreChange.Max(Math.Abs) > 0.1);
    }

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void Search_Branches_AgreesWithOneRank(int pipeline, int expert, int data)
    {
        var (expected, actual) = AssertAgree(MeshRuns.BranchSearch, new MeshShape(pipeline, expert, data));
        Close.AssertEqual(expected.Scores, actual.Scores, Tolerance, "score of branch");
        Close.AssertEqual(expected.Judged, actual.Judged, Tolerance, "loss of judged mask");
        Assert.Equal(expected.Kept, actual.Kept);
        Assert.Equal((12, 4), (actual.Kept.Length, actual.Kept.Count(kept => !kept))); // two layers' worth of six
        Assert.True(expected.ScoreChange.Max(Math.Abs) > 0.1);
        Assert.All(actual.TensorGrowth, growth => Assert.Equal(0, growth));
    }

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void Search_SoftGates_AgreeWithOneRank(int pipeline, int expert, int data)
    {
        // The loss after the gates were multiplied into the weights is the last one.
        var (expected, actual) = AssertAgree(MeshRuns.Sheared, new MeshShape(pipeline, expert, data));
        Close.AssertEqual(expected.Scores, actual.Scores, Tolerance, "gate of layer");
        Assert.Equal(expected.Kept, actual.Kept);
        Assert.True(expected.ScoreChange.Max(Math.Abs) > 0.1);
        Assert.All(actual.TensorGrowth, growth => Assert.Equal(0, growth));
    }

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void ForwardPass_UnevenBatches_AgreesWithOneRank(int pipeline, int expert, int data)
    {
        var (expected, actual) = (job.Inference(MeshRuns.OneRank), job.Inference(new MeshShape(pipeline, expert, data)));
        // Sums over 1024 logits of about 1, each rounded in its seventh digit.
        Close.AssertEqual(expected.Sequences, actual.Sequences, 1e-2, "logits of sequence");
        Close.AssertEqual([expected.Single], [actual.Single], 1e-2, "logits of the only sequence");
    }

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void InferWithoutEach_Layers_AgreesWithOneRank(int pipeline, int expert, int data)
    {
        var (expected, actual) = (job.Inference(MeshRuns.OneRank), job.Inference(new MeshShape(pipeline, expert, data)));
        // Sums over 1024 elements of about 1, as above.
        Close.AssertEqual([expected.Full], [actual.Full], 1e-2, "full model");
        Close.AssertEqual(expected.Without, actual.Without, 1e-2, "model without layer at place");
        Assert.Equal(expected.Without.Length, expected.Without.Distinct().Count()); // every layer matters
    }

    [SkippableTheory]
    [MemberData(nameof(Meshes))]
    public void WeightProbe_EveryScore_AgreesWithOneRank(int pipeline, int expert, int data)
    {
        var (expected, actual) = (job.Probes(MeshRuns.OneRank), job.Probes(new MeshShape(pipeline, expert, data)));
        // Sums of thousands of float32 products; an expert counted twice adds a hundredth and more.
        Close.AssertEqual(expected.Taylor, actual.Taylor, 1e-4 * expected.Taylor.Min(), "Taylor score of layer");
        Close.AssertEqual(expected.WithoutBranches, actual.WithoutBranches, Tolerance, "divergence without branch");
        Assert.Equal(expected.WithoutBranches.Length, expected.WithoutBranches.Distinct().Count()); // every branch matters
        Close.AssertEqual([expected.Trained], [actual.Trained], Tolerance, "divergence of trained candidate");
        Close.AssertEqual(expected.GatedKl, actual.GatedKl, Tolerance, "divergence of gated model, slope by gate");
        Close.AssertEqual(expected.Magnitude, actual.Magnitude, 1e-6 * expected.Magnitude.Min(), "magnitude of layer");
    }

    // The same reduce-scatter and the same element-wise update, whoever does it.
    [SkippableTheory]
    [MemberData(nameof(AllMeshes))]
    public void Train_WholeStatesOnEveryRank_GivesTheSameBitsAsSharded(int pipeline, int expert, int data)
    {
        var shape = new MeshShape(pipeline, expert, data);
        var (sharded, whole) = (job.Training(MeshRuns.Full, shape), job.Training(MeshRuns.WholeStates, shape));
        Assert.Equal(sharded.Losses, whole.Losses);
        Assert.Equal(sharded.GradientNorms, whole.GradientNorms);
    }

    [SkippableTheory]
    [MemberData(nameof(AllMeshes))]
    public void Train_LayersRunAgain_GivesTheSameBits(int pipeline, int expert, int data)
    {
        var shape = new MeshShape(pipeline, expert, data);
        var (kept, again) = (job.Training(MeshRuns.Full, shape), job.Training(MeshRuns.Recomputed, shape));
        Assert.Equal(kept.Losses[..MeshRuns.StepsBefore], again.Losses);
        Assert.Equal(kept.GradientNorms[..MeshRuns.StepsBefore], again.GradientNorms);
    }

    [SkippableTheory]
    [MemberData(nameof(AllMeshes))]
    public void Search_LayersRunAgain_GivesTheSameBits(int pipeline, int expert, int data)
    {
        var shape = new MeshShape(pipeline, expert, data);
        var (kept, again) = (job.Training(MeshRuns.Search, shape), job.Training(MeshRuns.RecomputedSearch, shape));
        Assert.Equal(kept.Losses, again.Losses);
        Assert.Equal(kept.Scores, again.Scores);
        Assert.Equal(kept.StateHashes, again.StateHashes);
    }

    [SkippableTheory]
    [MemberData(nameof(AllMeshes))]
    public void Train_EveryRank_LeavesNoTensors(int pipeline, int expert, int data)
    {
        foreach (string run in new[] { MeshRuns.Full, MeshRuns.Lora, MeshRuns.Search, MeshRuns.Recomputed })
            Assert.All(job.Training(run, new MeshShape(pipeline, expert, data)).TensorGrowth, growth => Assert.Equal(0, growth));
    }

    private (RunRecord Expected, RunRecord Actual) AssertAgree(string run, MeshShape shape) => AssertAgree(run, run, shape);

    private (RunRecord Expected, RunRecord Actual) AssertAgree(string reference, string run, MeshShape shape)
    {
        var (expected, actual) = (job.Training(reference, MeshRuns.OneRank), job.Training(run, shape));
        Close.AssertEqual(expected.Losses, actual.Losses, Tolerance, $"{run}: loss of step");
        Close.AssertEqual(expected.GradientNorms, actual.GradientNorms, Tolerance, $"{run}: gradient norm of step");
        // Agreement means something only if training got somewhere.
        Assert.True(expected.Losses.Distinct().Count() == expected.Losses.Length);
        return (expected, actual);
    }

    private static TheoryData<int, int, int> ToData(IEnumerable<MeshShape> shapes)
    {
        var data = new TheoryData<int, int, int>();
        foreach (var shape in shapes)
            data.Add(shape.Pipeline, shape.Expert, shape.Data);
        return data;
    }
}
