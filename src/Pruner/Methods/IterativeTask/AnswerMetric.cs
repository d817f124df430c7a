using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Methods.IterativeTask;

// Shape suffixes in this file: B = items of a batch, T = positions, H = hidden, A = positions that predict an answer's token, V = vocabulary.

/// <summary>
/// Exact answers: an item is right when greedy decoding after its prompt would give its answer token for token. One forward pass over prompt and
/// answer tells, since decoding agrees with it up to the first wrong token. Equal counts are told apart by the answers' log-likelihood, which counts
/// for less than one item, because an accuracy over some dozen items is the same for many models.
/// </summary>
public sealed class AnswerMetric : ITaskMetric
{
    private readonly IReadOnlyList<TaskItem[]> _batches;
    private readonly int _count;

    /// <summary>Takes the items.</summary>
    /// <param name="items">At least one.</param>
    /// <param name="batchItems">Items of a forward pass.</param>
    /// <exception cref="ArgumentException">There is no item, or one has an empty prompt or answer.</exception>
    public AnswerMetric(IReadOnlyList<TaskItem> items, int batchItems)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0 || items.Any(item => item.Prompt.Length == 0 || item.Answer.Length == 0))
            throw new ArgumentException($"{items.Count} items; at least one is needed, and none without prompt or answer", nameof(items));
        (_batches, _count) = ([.. items.Chunk(batchItems)], items.Count);
        Tokens = _batches.Sum(batch => (long)batch.Length * Longest(batch));
    }

    /// <inheritdoc/>
    public long Tokens { get; }

    /// <inheritdoc/>
    /// <returns>(wrong + x / (1 + x)) / items, x the mean negative log-likelihood of an answer's token, nats.</returns>
    public double Loss(ShardedModel model, IReadOnlyList<bool> isKept)
    {
        ArgumentNullException.ThrowIfNull(model);
        int ranks = model.Mesh.Shape.Data, rounds = (_batches.Count + ranks - 1) / ranks;
        // Ranks of an expert group move in step: one without a batch left repeats the last, which does not count.
        int[] mine = [.. Enumerable.Range(0, rounds).Select(round => round * ranks + model.Mesh.DataRank)];
        var work = new AnswerWork(model, [.. mine.Select(batch => _batches[Math.Min(batch, _batches.Count - 1)])], new LayerGate(isKept));
        model.Executor.Infer(work, rounds);
        var sums = new double[3];
        for (int round = 0; round < rounds && model.Mesh.IsLastStage; round++)
            if (mine[round] < _batches.Count)
                (sums[0], sums[1], sums[2]) = (sums[0] + work.Results[round].Wrong, sums[1] + work.Results[round].Loss, sums[2] + work.Results[round].Tokens);
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        double perToken = sums[1] / sums[2];
        return (sums[0] + (double.IsFinite(perToken) ? perToken / (1 + perToken) : 1)) / _count;
    }

    /// <summary>Positions of a padded batch: the last token of an answer is only predicted.</summary>
    private static int Longest(TaskItem[] batch) => batch.Max(item => item.Prompt.Length + item.Answer.Length - 1);

    private sealed class AnswerWork(ShardedModel model, IReadOnlyList<TaskItem[]> batches, LayerGate gate) : IMicroBatchWork
    {
        public Dictionary<int, (int Wrong, double Loss, int Tokens)> Results { get; } = [];

        public Tensor Ids(int microBatch)
        {
            var batch = batches[microBatch];
            int longest = Longest(batch);
            var ids = new long[batch.Length * longest]; // padding behind an answer is not seen by what comes before it
            for (int i = 0; i < batch.Length; i++)
                foreach (var (t, id) in batch[i].Prompt.Concat(batch[i].Answer[..^1]).Index())
                    ids[i * longest + t] = id;
            return tensor(ids, [batch.Length, longest]);
        }

        public LayerGate Gate(int microBatch) => gate;

        public Tensor? Finish(int microBatch, Tensor hidden_BTH)
        {
            using var scope = NewDisposeScope();
            var batch = batches[microBatch];
            int longest = Longest(batch);
            long[] places = [.. batch.SelectMany((item, i) => item.Answer.Select((_, t) => (long)i * longest + item.Prompt.Length - 1 + t))];
            var hidden_1AH = hidden_BTH.reshape(-1, hidden_BTH.shape[2]).index_select(0, tensor(places, device: hidden_BTH.device)).unsqueeze(0);
            var logits_AV = model.Decoder.Logits(hidden_1AH).flatten(0, 1).to_type(ScalarType.Float32).cpu().contiguous();
            int vocabulary = (int)logits_AV.shape[1], row = 0, wrong = 0;
            double loss = 0;
            foreach (var item in batch)
            {
                bool isRight = true;
                foreach (int token in item.Answer)
                {
                    var logits = TensorMemory.AsSpan<float>(logits_AV).Slice(row++ * vocabulary, vocabulary);
                    loss += RowMath.LogSumExp(logits) - logits[token];
                    isRight &= RowMath.ArgMax(logits) == token;
                }
                wrong += isRight ? 0 : 1;
            }
            Results[microBatch] = (wrong, loss, row);
            return null;
        }
    }
}
