using System.Text.Json.Nodes;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Search;

public sealed class MaskLearnerTests : IDisposable
{
    private const int Layers = 8, Keep = 5, Steps = 6, MicroBatches = 4;

    private static readonly MaskRefinementOptions s_refinement = new() { Draws = 16, Exchanges = 8 };

    private readonly Mesh _mesh = OneRank.Mesh();

    [Fact]
    public void Begin_EveryStep_KeepsWhatTheScheduleSays()
    {
        MaskLearner learner = Learner(new SearchOptionsChange(Draws: MicroBatches));
        for (int step = 0; step < Steps; step++)
        {
            using MaskStep masks = learner.Begin(step);
            Assert.Equal(MicroBatches, masks.Draws.Count); // a draw for each micro-batch
            Assert.All(Draws(masks), draw => Assert.Equal(Layers - learner.DroppedAt(step), draw.Hard.Count(kept => kept)));
            Assert.All(Draws(masks), draw => Assert.True(draw.Hard[0] && draw.Hard[^1])); // protected
        }
        Assert.Equal(Layers - Keep, learner.DroppedAt(Steps - 1));
    }

    [Fact]
    public void Begin_SameSeedAndStep_DrawsTheSameMasks()
    {
        var twoDraws = new SearchOptionsChange(Draws: 2);
        using MaskStep first = Learner(twoDraws).Begin(4), second = Learner(twoDraws).Begin(4);
        using MaskStep otherSeed = Learner(twoDraws with { Seed = 2 }).Begin(4), otherStep = Learner(twoDraws).Begin(5);

        Assert.Equal(Draws(first).Select(draw => draw.Soft), Draws(second).Select(draw => draw.Soft));
        Assert.NotEqual(Draws(first).Select(draw => draw.Soft), Draws(otherSeed).Select(draw => draw.Soft));
        Assert.NotEqual(Draws(first)[0].Soft, Draws(otherStep)[0].Soft);
        Assert.NotEqual(Draws(first)[0].Soft, Draws(first)[1].Soft);
    }

    [Theory]
    [InlineData(0, new[] { 0, 0, 0, 0 })] // the default: a draw for every eight micro-batches, or one for all
    [InlineData(1, new[] { 0, 0, 0, 0 })]
    [InlineData(2, new[] { 0, 0, 1, 1 })]
    [InlineData(4, new[] { 0, 1, 2, 3 })]
    public void Begin_FewerDrawsThanMicroBatches_SharesThem(int draws, int[] drawOfMicroBatch)
    {
        using MaskStep masks = Learner(new SearchOptionsChange(Draws: draws)).Begin(Steps - 1);

        Assert.Equal(Math.Max(1, draws), masks.Draws.Count);
        Assert.All(drawOfMicroBatch.Zip(masks.Gates), pair => Assert.Equal(Draws(masks)[pair.First].Hard, pair.Second.IsKept));
        Assert.All(masks.Gates, gate => Assert.Equal(gate.IsKept.Select(kept => kept ? 1f : 0f), gate.Masks!.Select(mask => mask.item<float>())));
    }

    [Fact]
    public void Constructor_DrawsThatDoNotDivide_Throws()
    {
        var error = Assert.Throws<MeshException>(() => Learner(new SearchOptionsChange(Draws: 3)));
        Assert.Contains("search.draws_per_step 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Update_GradientsOfTheMasks_GoThroughTheRelaxationIntoOneStep()
    {
        MaskLearner learner = Learner(new SearchOptionsChange(Draws: 2));
        double[] expected = [.. learner.Scores];
        using MaskStep masks = learner.Begin(3);
        double[,] byMask_DL = new double[2, Layers];
        for (int microBatch = 0; microBatch < MicroBatches; microBatch++)
            for (int layer = 0; layer < Layers; layer++)
            {
                // A loss that is linear in the mask: its gradient is the factor.
                double factor = Math.Cos(microBatch + 3 * layer);
                using (var loss = masks.Gates[microBatch].Masks![layer] * factor)
                    loss.backward();
                byMask_DL[microBatch / 2, layer] += (float)factor;
            }
        double[] gradient_L = new double[Layers], share_L = new double[Layers];
        for (int draw = 0; draw < 2; draw++)
        {
            masks.Draws[draw].Backward([.. Enumerable.Range(0, Layers).Select(layer => byMask_DL[draw, layer])], share_L);
            gradient_L = [.. gradient_L.Zip(share_L, (a, b) => a + b)];
        }
        new ScoreOptimizer(Layers, new ScoreOptimizerOptions()).Step(expected, gradient_L);
        Assert.True(learner.Reduce(masks));
        learner.Update();

        Assert.All(expected.Zip(learner.Scores), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        var start = Learner(new SearchOptionsChange()).Scores;
        Assert.Equal(start[0], learner.Scores[0]); // protected layers stay where they are
        Assert.Equal(start[^1], learner.Scores[^1]);
        Assert.NotEqual(start[1], learner.Scores[1]);
    }

    [Fact]
    public void Update_LossGrowsWithALayer_LowersItsScoreBelowItsRival()
    {
        // Layers 3 and 4 start equal; keeping 3 costs, keeping 4 helps.
        double[] importance = [1, 1, 1, .5, .5, 1, 1, 1];
        MaskLearner learner = Learner(new SearchOptionsChange(), importance);
        for (int step = 0; step < Steps; step++)
        {
            using MaskStep masks = learner.Begin(step);
            foreach (LayerGate gate in masks.Gates)
                using (var loss = gate.Masks![3] - gate.Masks[4])
                    loss.backward();
            Assert.True(learner.Reduce(masks));
            learner.Update();
        }

        Assert.True(learner.Scores[3] < learner.Scores[4]);
        Assert.False(learner.KeptNow(Steps - 1)[3]);
    }

    [Fact]
    public void KeptNow_LastStep_IsTheLargestScoresWithoutNoise()
    {
        MaskLearner learner = Learner(new SearchOptionsChange(), [0, .9, .1, .8, .2, .7, .3, 0]);
        Assert.Equal([true, true, false, true, false, true, false, true], learner.KeptNow(Steps - 1));
    }

    // To the loss 1, 5 and 6 are the cheapest layers, to the importance 1, 2 and 3.
    [Fact]
    public void Prepare_AtTheStart_PutsTheMaskOfTheLossLastAndKeepsTheOrderWithin()
    {
        MaskLearner learner = Learner(new SearchOptionsChange(), [0, .1, .2, .3, .4, .5, .6, 0], refinement: s_refinement);
        double[] start = [.. learner.Scores];
        learner.Prepare(new FakeJudge(dropped => dropped.Sum(layer => layer is 1 or 5 or 6 ? 1 : 10)));

        Assert.Equal([true, false, true, true, true, false, false, true], learner.KeptNow(Steps - 1));
        Assert.Equal(start.Order(), learner.Scores.Order());
        Assert.Equal((start[0], start[^1]), (learner.Scores[0], learner.Scores[^1])); // protected
        Assert.Equal([1, 5, 6, 2, 3, 4], Enumerable.Range(1, 6).OrderBy(layer => learner.Scores[layer]));
        Assert.Equal((RefinementTime.Start, 3.0), (learner.Refinement!.At, learner.Refinement.Loss));
    }

    [Fact]
    public void Prepare_RefinementOffOrAtTheEnd_LeavesTheScores()
    {
        foreach (MaskRefinementOptions refinement in new[] { new MaskRefinementOptions(), s_refinement with { At = RefinementTime.End } })
        {
            MaskLearner learner = Learner(new SearchOptionsChange(), [0, .1, .2, .3, .4, .5, .6, 0], refinement: refinement);
            double[] start = [.. learner.Scores];
            learner.Prepare(new FakeJudge(dropped => -dropped.Sum()));
            Assert.Equal(start, learner.Scores);
            Assert.Null(learner.Refinement);
        }
    }

    [Fact]
    public void Complete_AtTheEnd_HasTheLastWordAndLeavesTheScores()
    {
        MaskLearner learner = Learner(
            new SearchOptionsChange(), [0, .1, .2, .3, .4, .5, .6, 0], refinement: s_refinement with { At = RefinementTime.End });
        double[] start = [.. learner.Scores];
        learner.Complete(null!, null!, new FakeJudge(dropped => -dropped.Sum()));
        MaskLearner resumed = Learner(new SearchOptionsChange(), refinement: s_refinement with { At = RefinementTime.End });
        resumed.Restore(JsonNode.Parse(learner.Save().ToJsonString())!.AsObject());

        Assert.Equal(start, learner.Scores);
        Assert.All([learner, resumed], one => Assert.Equal([true, true, true, true, false, false, false, true], one.KeptNow(Steps - 1)));
        Assert.Equal(learner.Refinement, resumed.Refinement);
    }

    [Fact]
    public void Begin_WithoutNoise_DrawsTheLargestScores()
    {
        MaskLearner learner = Learner(new SearchOptionsChange(Draws: 2, Noise: false));
        for (int step = 0; step < Steps; step++)
        {
            using MaskStep masks = learner.Begin(step);
            Assert.All(Draws(masks), draw => Assert.Equal(learner.KeptNow(step), draw.Hard));
        }
    }

    [Fact]
    public void Begin_ShareOfParameters_DropsAtLeastThatShareInEveryDraw()
    {
        // Layer 6 alone has more than the quarter of 24 that goes at the end.
        long[] parameters = [3, 1, 1, 3, 1, 2, 10, 3];
        MaskLearner learner = Learner(new SearchOptionsChange(Draws: MicroBatches, DropShare: 0.25), parameters: parameters);
        using MaskStep masks = learner.Begin(Steps - 1);

        foreach (MaskDraw draw in masks.Draws)
        {
            Assert.InRange(Enumerable.Range(0, Layers).Where(layer => !draw.Hard[layer]).Sum(layer => parameters[layer]), 6, 24);
            Assert.Equal(draw.Hard.Count(kept => kept), draw.Soft.Sum(), 1e-9); // relaxed for as many layers as this draw keeps
        }
    }

    [Fact]
    public void Constructor_NeitherLayersNorShare_Throws() =>
        Assert.Throws<ArgumentException>(() => Learner(new SearchOptionsChange(KeepLayers: null)));

    [Fact]
    public void Restore_AfterAKill_GoesOnWithTheSameBits()
    {
        MaskLearner straight = Learner(new SearchOptionsChange()), killed = Learner(new SearchOptionsChange());
        for (int step = 0; step < 3; step++)
        {
            Step(straight, step);
            Step(killed, step);
        }
        MaskLearner resumed = Learner(new SearchOptionsChange());
        resumed.Restore(JsonNode.Parse(killed.Save().ToJsonString())!.AsObject());
        for (int step = 3; step < Steps; step++)
        {
            Step(straight, step);
            Step(resumed, step);
        }

        Assert.Equal(straight.Scores, resumed.Scores);
    }

    public void Dispose() => _mesh.Dispose();

    private static MaskDraw[] Draws(MaskStep masks) => [.. masks.Draws.Cast<MaskDraw>()];

    private static void Step(MaskLearner learner, int step)
    {
        using MaskStep masks = learner.Begin(step);
        foreach (LayerGate gate in masks.Gates)
            for (int layer = 0; layer < Layers; layer++)
                using (var loss = gate.Masks![layer] * Math.Sin(layer + step))
                    loss.backward();
        Assert.True(learner.Reduce(masks));
        learner.Update();
    }

    private MaskLearner Learner(
        SearchOptionsChange change, double[]? importance = null, long[]? parameters = null, MaskRefinementOptions? refinement = null)
    {
        TrainOptions train = new() { BatchSequences = 8, MicroBatchSequences = 2, Seed = change.Seed };
        SearchOptions options = new()
        {
            TeacherFolder = "", CorpusFile = "", StoreFolder = "", ImportanceFile = "", OutputFolder = "",
            Train = train, Steps = Steps, DrawsPerStep = change.Draws, Noise = change.Noise,
            KeepLayers = change.DropShare is null ? change.KeepLayers : null, DropShare = change.DropShare,
            Refinement = refinement ?? new(),
        };
        return new MaskLearner(
            options, importance ?? [.8, .1, .4, .2, .6, .3, .5, .7], [0, Layers - 1], _mesh, new BatchPlan(new SequenceOrder(100, 1), train, _mesh),
            parameters);
    }

    private sealed record SearchOptionsChange(ulong Seed = 1, int Draws = 0, bool Noise = true, int? KeepLayers = Keep, double? DropShare = null);
}
