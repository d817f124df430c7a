using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Selection;

/// <summary>Scores of weights against the same numbers from one plain backward pass over all text.</summary>
public sealed class WeightProbeTests : IDisposable
{
    private const int Layers = 4, Sequences = 5, Positions = 12;

    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly HuggingFaceCheckpoint _checkpoint;
    private readonly ShardedModel _model;
    private readonly PackedCorpus _corpus;

    public WeightProbeTests()
    {
        var config = SmallModel.DeepSeek(Layers);
        // All experts: where the router's choice changes the loss jumps, and has no finite differences.
        (config["num_experts_per_tok"], config["topk_group"]) = (8, 4);
        SmallModel.Write(_folder["model"], config);
        TokenCorpus.Write(_folder["corpus.bin"], Sequences, Positions, SmallModel.Vocabulary);
        _checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        _model = ShardedModel.Load(_checkpoint, _mesh, Positions);
        _corpus = PackedCorpus.Open(_folder["corpus.bin"]);
    }

    [Theory]
    [InlineData(1)] // products of every batch are added with their sign, so the batches do not matter
    [InlineData(2)]
    [InlineData(5)]
    public void Taylor_AnyBatches_IsTheSumOfProductsOverMatricesAndNorms(int batchSequences)
    {
        var probe = Probe(batchSequences);
        double[] scores = probe.Weights.Taylor();

        double[] expected = ExpectedTaylor();
        Assert.All(expected.Zip(scores), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-4, 1 + 1e-4)); // float32 gradients
        Assert.Equal((Sequences * Positions, 0), (probe.GradientTokens, probe.ForwardTokens));
        Assert.All(_model.Decoder.Parameters.All, parameter => Assert.False(parameter.Trainable));
        Assert.Equal(Recomputation.None, _model.Decoder.Recomputation);
    }

    [Fact]
    public void Magnitude_Weights_IsTheSumOfTheirSizes()
    {
        double[] scores = Probe(2).Weights.Magnitude();

        for (int layer = 0; layer < Layers; layer++)
            Assert.Equal(
                Scored(layer).Sum(parameter => SmallModel.Values(parameter.Value).Sum(Math.Abs)), scores[layer], 1e-6);
    }

    [Fact]
    public void GatedKl_HardGates_IsTheLossOfThePrunedModel()
    {
        var probe = Probe(2);
        var (kl, byGate) = probe.Weights.GatedKl([1, 0, 1, 1]);

        Assert.Equal(probe.Loss([true, false, true, true], ProbeMetric.Kl), kl, 1e-5);
        Assert.Equal(0, byGate[1]);
        var (self, _) = probe.Weights.GatedKl([1, 1, 1, 1]);
        Assert.Equal(0, self, 1e-6);
    }

    [Fact]
    public void GatedKl_SoftGates_HasTheSlopesOfItsDifferences()
    {
        const double H = 1e-2;
        double[] gates = [0.9, 0.6, 0.3, 0.8];
        var weights = Probe(2).Weights;
        double[] byGate = weights.GatedKl(gates).ByGate;

        for (int layer = 0; layer < Layers; layer++)
        {
            double Kl(double by) => weights.GatedKl([.. gates.Select((gate, i) => i == layer ? gate + by : gate)]).Kl;
            double slope = (Kl(H) - Kl(-H)) / (2 * H);
            Assert.Equal(slope, byGate[layer], 2e-3 * Math.Max(1, Math.Abs(slope))); // a float32 divergence, a curved one
        }
    }

    [Fact]
    public void LossAfterTraining_Candidate_IsBetterAndLeavesTheTeacherAsItWas()
    {
        bool[] isKept = [true, false, true, true];
        var probe = Probe(5);
        double[] before = [.. _model.Decoder.Parameters.All.SelectMany(parameter => SmallModel.Values(parameter.Value))];
        double untrained = probe.Loss(isKept, ProbeMetric.CrossEntropy), divergence = probe.Loss(isKept, ProbeMetric.Kl);
        int[] training = [.. Enumerable.Repeat(0, 20)];

        Assert.Equal(untrained, probe.Weights.LossAfterTraining(isKept, [], 1e-3, ProbeMetric.CrossEntropy), 1e-9);
        Assert.Equal(divergence, probe.Weights.LossAfterTraining(isKept, [], 1e-3, ProbeMetric.Kl), 1e-9);
        Assert.True(probe.Weights.LossAfterTraining(isKept, training, 1e-3, ProbeMetric.CrossEntropy) < untrained - 0.05);
        // From the teacher itself the trained model diverges otherwise, not from what training made of it.
        Assert.NotEqual(divergence, probe.Weights.LossAfterTraining(isKept, training, 1e-3, ProbeMetric.Kl), 1e-4);
        Assert.Equal(before, _model.Decoder.Parameters.All.SelectMany(parameter => SmallModel.Values(parameter.Value)));
        Assert.Equal(2 * 20 * Sequences * Positions * 3 / 4.0, probe.GradientTokens, 1e-9);
        Assert.All(_model.Decoder.Parameters.All, parameter => Assert.False(parameter.Trainable));
    }

    private ModelProbe Probe(int batchSequences) => new(_model, _corpus, new CalibrationBatches(_corpus, Sequences, batchSequences, seed: 1));

    private IEnumerable<ModelParameter> Scored(int layer) =>
        _model.Decoder.Parameters.All.Where(parameter => parameter.Layer == layer && !parameter.Name.EndsWith("e_score_correction_bias", StringComparison.Ordinal));

    private double[] ExpectedTaylor()
    {
        using var scope = NewDisposeScope();
        _model.Decoder.TrainEverything();
        var ids_BT = TokenBatch.Ids(_corpus, [0, 1, 2, 3, 4]);
        var logits_BTV = _model.Decoder.Logits(_model.Decoder.Forward(_model.Decoder.Embed(ids_BT)));
        var right_BT = logits_BTV.narrow(1, 0, Positions - 1).log_softmax(-1).gather(-1, ids_BT.narrow(1, 1, Positions - 1).unsqueeze(-1));
        (-right_BT.mean()).backward();
        double[] sums =
        [
            .. Enumerable.Range(0, Layers).Select(layer => Scored(layer).Where(parameter => parameter.Value.grad is not null)
                .Sum(parameter => SmallModel.Values(parameter.Value * parameter.Value.grad!).Sum(Math.Abs))),
        ];
        foreach (var parameter in _model.Decoder.Parameters.All)
            parameter.Value.grad = null;
        _model.Decoder.Freeze();
        return sums;
    }

    public void Dispose()
    {
        _corpus.Dispose();
        _model.Dispose();
        _checkpoint.Dispose();
        _mesh.Dispose();
        _folder.Dispose();
    }
}
