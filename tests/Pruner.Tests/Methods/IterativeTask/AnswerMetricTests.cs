using E3Scale.MoE;
using E3Scale.Pruner.Methods.IterativeTask;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Methods.IterativeTask;

/// <summary>Answers judged in padded batches against greedy decoding and log-likelihoods of one item at a time.</summary>
public sealed class AnswerMetricTests : IDisposable
{
    private const int Layers = 4;

    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();
    private readonly HuggingFaceCheckpoint _checkpoint;
    private readonly ShardedModel _model;

    public AnswerMetricTests()
    {
        SmallModel.Write(_folder["model"], SmallModel.DeepSeek(Layers));
        _checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        _model = ShardedModel.Load(_checkpoint, _mesh, context: 16);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Loss_AnyBatch_IsThatOfGreedyDecodingItemByItem(int batchItems)
    {
        bool[] all = [true, true, true, true], pruned = [true, false, true, true];
        int[][] prompts = [[3, 7, 1], [5], [9, 2, 4, 11, 30], [8, 8]];
        // The first two answers are what the teacher decodes, the others are not.
        TaskItem[] items = [.. prompts.Select((prompt, i) => new TaskItem(prompt, i < 2 ? Decode(prompt, 2 + i, all) : [17, 3]))];
        var metric = new AnswerMetric(items, batchItems);

        Assert.Equal(Expected(items, all), metric.Loss(_model, all), 1e-5);
        Assert.Equal(Expected(items, pruned), metric.Loss(_model, pruned), 1e-5);
        Assert.InRange(metric.Loss(_model, all), 2 / 4.0, 3 / 4.0); // two of four wrong
        Assert.Equal(batchItems == 8 ? 4 * 6 : metric.Tokens, metric.Tokens);
    }

    [Fact]
    public void Constructor_NothingToAnswer_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new AnswerMetric([], 1));
        Assert.Throws<ArgumentException>(() => new AnswerMetric([new TaskItem([1], [])], 1));
    }

    public void Dispose()
    {
        _model.Dispose();
        _checkpoint.Dispose();
        _mesh.Dispose();
        _folder.Dispose();
    }

    private double Expected(TaskItem[] items, bool[] isKept)
    {
        int wrong = items.Count(item => !Decode(item.Prompt, item.Answer.Length, isKept).SequenceEqual(item.Answer));
        double loss = 0;
        foreach (var item in items)
            for (int t = 0; t < item.Answer.Length; t++)
            {
                double[] logits = Next([.. item.Prompt, .. item.Answer[..t]], isKept);
                loss += Math.Log(logits.Sum(Math.Exp)) - logits[item.Answer[t]];
            }
        double perToken = loss / items.Sum(item => item.Answer.Length);
        return (wrong + perToken / (1 + perToken)) / items.Length;
    }

    private int[] Decode(int[] prompt, int length, bool[] isKept)
    {
        var row = new List<int>(prompt);
        for (int t = 0; t < length; t++)
        {
            double[] logits = Next([.. row], isKept);
            row.Add(Array.IndexOf(logits, logits.Max()));
        }
        return [.. row.Skip(prompt.Length)];
    }

    private double[] Next(int[] row, bool[] isKept)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var ids_1T = tensor(Array.ConvertAll(row, id => (long)id), [1, row.Length]);
        var logits_1TV = _model.Decoder.Logits(_model.Decoder.Forward(_model.Decoder.Embed(ids_1T), new LayerGate(isKept)));
        return SmallModel.Values(logits_1TV.narrow(1, row.Length - 1, 1).reshape(-1));
    }
}
