using E3Scale.Data.Corpora;
using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Selection;

/// <summary>Probes of a small model against the same numbers computed sequence by sequence, without shared prefixes.</summary>
public sealed class ModelProbeTests : IDisposable
{
    private const int Layers = 5, Sequences = 5, Positions = 12;

    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly HuggingFaceCheckpoint _checkpoint;
    private readonly ShardedModel _model;
    private readonly PackedCorpus _corpus;
    private readonly ModelProbe _probe;

    public ModelProbeTests()
    {
        SmallModel.Write(_folder["model"], SmallModel.DeepSeek(Layers));
        TokenCorpus.Write(_folder["corpus.bin"], Sequences, Positions, SmallModel.Vocabulary);
        _checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        _model = ShardedModel.Load(_checkpoint, _mesh, Positions);
        _corpus = PackedCorpus.Open(_folder["corpus.bin"]);
        _probe = new ModelProbe(_model, _corpus, new CalibrationBatches(_corpus, Sequences, batchSequences: 2, seed: 1));
    }

    [Theory]
    [InlineData(ProbeMetric.CrossEntropy)]
    [InlineData(ProbeMetric.Kl)]
    public void LossWithoutEach_SomeLayersGone_EqualsEachModelByItself(ProbeMetric metric)
    {
        bool[] isKept = [true, true, false, true, true];
        double[] losses = _probe.LossWithoutEach(isKept, [1, 3], metric);

        Assert.Equal(Expected([true, false, false, true, true], metric), losses[0], 1e-6);
        Assert.Equal(Expected([true, true, false, false, true], metric), losses[1], 1e-6);
        Assert.Equal(Expected(isKept, metric), _probe.Loss(isKept, metric), 1e-6);
        Assert.NotEqual(losses[0], losses[1], 1e-4);
    }

    [Theory]
    [InlineData(ProbeMetric.CrossEntropy)]
    [InlineData(ProbeMetric.Kl)]
    public void Losses_SeveralModels_EqualEachByItself(ProbeMetric metric)
    {
        bool[][] models = [[true, false, false, true, true], [true, true, true, true, true], [true, true, false, false, true]];

        double[] losses = _probe.Losses(models, metric);

        Assert.All(models.Zip(losses), pair => Assert.Equal(_probe.Loss(pair.First, metric), pair.Second, 1e-6));
        Assert.Equal(_probe.Loss(models[0], metric, [1]), _probe.Losses(models, metric, [1])[0], 1e-6);
    }

    [Fact]
    public void Loss_WholeTeacher_DoesNotDivergeFromItself()
    {
        bool[] all = [.. Enumerable.Repeat(true, Layers)];

        Assert.Equal(0, _probe.Loss(all, ProbeMetric.Kl));
        Assert.Equal(Expected(all, ProbeMetric.CrossEntropy), _probe.Loss(all, ProbeMetric.CrossEntropy), 1e-6);
    }

    [Fact]
    public void Loss_BatchesOneByOne_AverageToTheWhole()
    {
        bool[] isKept = [true, false, true, true, true];
        double[] batches = [.. Enumerable.Range(0, _probe.Batches).Select(batch => _probe.Loss(isKept, ProbeMetric.Kl, [batch]))];

        Assert.Equal(3, batches.Length); // 2, 2 and 1 sequences
        Assert.Equal(_probe.Loss(isKept, ProbeMetric.Kl), (2 * batches[0] + 2 * batches[1] + batches[2]) / 5, 1e-9);
    }

    [Fact]
    public void BlockInfluence_LayersGone_IsThatOfTheModelThatIsLeft()
    {
        bool[] isKept = [true, false, true, true, true];
        double[] influence = _probe.BlockInfluence(isKept);

        Assert.True(double.IsNaN(influence[1]));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var sums = new double[Layers];
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            var x_TH = _model.Decoder.Embed(TokenBatch.Ids(_corpus, [sequence]));
            _model.Decoder.Forward(x_TH, new LayerGate(isKept), (layer, y_TH) =>
            {
                var cosine_T = (x_TH * y_TH).sum(-1) / (x_TH.pow(2).sum(-1).sqrt() * y_TH.pow(2).sum(-1).sqrt());
                sums[layer] += cosine_T.sum().item<float>();
                x_TH = y_TH;
            });
        }
        foreach (int layer in new[] { 0, 2, 3, 4 })
            Assert.Equal(1 - sums[layer] / (Sequences * Positions), influence[layer], 1e-5);
    }

    [Fact]
    public void ForwardTokens_Probes_CountTheLayersThatRan()
    {
        _probe.Loss([true, true, false, true, true], ProbeMetric.CrossEntropy);
        Assert.Equal(Sequences * Positions * 4 / 5.0, _probe.ForwardTokens, 1e-9);

        // Teacher 5, kept 4, then what is behind layer 1 (2 layers) and behind layer 3 (1 layer).
        _probe.LossWithoutEach([true, true, false, true, true], [1, 3], ProbeMetric.Kl);
        Assert.Equal(Sequences * Positions * (4 + 5 + 4 + 2 + 1) / 5.0, _probe.ForwardTokens, 1e-9);
    }

    /// <summary>Mean over the sequences' tokens, by a pass of its own for each sequence and float64 softmax.</summary>
    private double Expected(bool[] isKept, ProbeMetric metric)
    {
        double sum = 0;
        int tokens = 0;
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var ids_1T = TokenBatch.Ids(_corpus, [sequence]);
            double[][] teacher = LogProbabilities(ids_1T, [.. Enumerable.Repeat(true, Layers)]), pruned = LogProbabilities(ids_1T, isKept);
            for (int t = 0; t < (metric == ProbeMetric.Kl ? Positions : Positions - 1); t++, tokens++)
                sum += metric == ProbeMetric.Kl
                    ? teacher[t].Zip(pruned[t], (p, q) => Math.Exp(p) * (p - q)).Sum()
                    : -pruned[t][_corpus.Sequence(sequence)[t + 1]];
        }
        return sum / tokens;
    }

    private double[][] LogProbabilities(Tensor ids_1T, bool[] isKept)
    {
        var logits_TV = _model.Decoder.Logits(_model.Decoder.Forward(_model.Decoder.Embed(ids_1T), new LayerGate(isKept))).contiguous();
        return [.. TensorMemory.AsSpan<float>(logits_TV).ToArray().Chunk(SmallModel.Vocabulary).Select(row =>
        {
            double logSum = Math.Log(row.Sum(logit => Math.Exp((double)logit)));
            return row.Select(logit => logit - logSum).ToArray();
        })];
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
