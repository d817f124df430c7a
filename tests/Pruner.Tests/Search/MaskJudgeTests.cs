using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Search;

/// <summary>Judged masks of a small model against the same losses computed sequence by sequence.</summary>
public sealed class MaskJudgeTests : IDisposable
{
    private const int Layers = 5, Positions = 12, FirstStep = 3;

    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly HuggingFaceCheckpoint _checkpoint;
    private readonly ShardedModel _model;
    private readonly PackedCorpus _corpus;
    private readonly CrossEntropyObjective _objective;
    private readonly StudentTrainer _trainer;

    public MaskJudgeTests()
    {
        SmallModel.Write(_folder["model"], SmallModel.DeepSeek(Layers));
        TokenCorpus.Write(_folder["corpus.bin"], sequences: 32, Positions, SmallModel.Vocabulary);
        _checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        _model = ShardedModel.Load(_checkpoint, _mesh, Positions);
        _corpus = PackedCorpus.Open(_folder["corpus.bin"]);
        _objective = new CrossEntropyObjective(_corpus);
        _trainer = new StudentTrainer(_model, _corpus, new TrainOptions { BatchSequences = 4, MicroBatchSequences = 2 }, _objective);
    }

    // 5 sequences are rounded up to three micro-batches of two: a whole step, and half of the one behind it.
    [Fact]
    public void Losses_SomeMasks_AreTheMeansOverTheSequencesThatComeNext()
    {
        bool[][] masks = [[true, true, false, true, true], [true, false, false, true, true], [true, true, true, true, true]];
        MaskJudge judge = Judge(sequences: 5);
        long[] sequences = [.. _trainer.Plan.Batch(FirstStep), .. _trainer.Plan.Batch(FirstStep + 1).Take(2)];

        double[] losses = judge.Losses(masks);

        Assert.All(masks.Zip(losses), pair => Assert.Equal(Expected(pair.First, sequences), pair.Second, 1e-6));
        Assert.Equal(6 * Positions * (4 + 3 + 5) / 5.0, judge.ForwardTokens, 1e-9);
    }

    [Fact]
    public void LossesWithoutEach_SomeLayers_EqualEachMaskByItself()
    {
        bool[] kept = [true, true, false, true, true];
        MaskJudge judge = Judge(sequences: 4), other = Judge(sequences: 4);

        double[] losses = judge.LossesWithoutEach(kept, [1, 3]);

        double[] expected = other.Losses([[true, false, false, true, true], [true, true, false, false, true]]);
        Assert.All(expected.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(4 * Positions * (4 + 2 + 1) / 5.0, judge.ForwardTokens, 1e-9); // the prefix is shared
    }

    [Fact]
    public void Losses_Repeated_LeaveNoTensorsAndNoGradients()
    {
        bool[] kept = [true, true, false, true, true];
        MaskJudge judge = Judge(sequences: 4);
        judge.Losses([kept]);
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        judge.Losses([kept, kept]);
        judge.LossesWithoutEach(kept, [1, 3]);

        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        using var scope = NewDisposeScope();
        Assert.All(_model.Decoder.Parameters.All, parameter => Assert.Equal(0, parameter.Value.grad?.abs().sum().item<float>() ?? 0));
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _objective.Dispose();
        _corpus.Dispose();
        _model.Dispose();
        _checkpoint.Dispose();
        _mesh.Dispose();
        _folder.Dispose();
    }

    private MaskJudge Judge(int sequences) =>
        new(_model, _corpus, _objective, _trainer.Plan, PruningUnits.Layers, FirstStep) { Sequences = sequences };

    /// <summary>Mean next-token loss, by a pass of its own for each sequence and float64 softmax.</summary>
    private double Expected(bool[] isKept, long[] sequences)
    {
        double sum = 0;
        foreach (long sequence in sequences)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var hidden_BTH = _model.Decoder.Forward(_model.Decoder.Embed(TokenBatch.Ids(_corpus, [sequence])), new LayerGate(isKept));
            var logProbabilities_TV = _model.Decoder.Logits(hidden_BTH).flatten(0, 1).to_type(ScalarType.Float64).log_softmax(-1);
            for (int t = 0; t + 1 < Positions; t++)
                sum -= logProbabilities_TV[t, (long)_corpus.Sequence(sequence)[t + 1]].item<double>();
        }
        return sum / (sequences.Length * (Positions - 1));
    }
}
