using E3Scale.Kernels;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Evaluation.Generation;

// Shape suffixes in this file: B = prompts of a batch, T = positions, H = hidden, V = vocabulary.

/// <summary>
/// Greedy generation on a sharded model. Prompts are padded on the right, which a causal model does not see; every step runs the
/// unfinished ones forward and takes the most likely next token of each prompt (the lowest id among equals).
/// </summary>
/// <param name="model">The model.</param>
/// <param name="endToken">Ends an answer; null runs to the longest.</param>
public sealed class GreedyGenerator(ShardedModel model, int? endToken)
{
    /// <summary>Whether an answer, without the end token, is long enough; null (default) when only the end token and the length end it.</summary>
    public Predicate<IReadOnlyList<int>>? IsComplete { get; init; }

    /// <summary>Continues prompts. Collective over the world: ranks stop together, when the last one is done.</summary>
    /// <param name="prompts">Prompts of this replica, each with at least one token; the same on all its stages. May be empty.</param>
    /// <param name="maxNewTokens">Longest answer.</param>
    /// <returns>New tokens of each prompt, the end token not included; the same on all stages of the replica.</returns>
    public int[][] Generate(IReadOnlyList<int[]> prompts, int maxNewTokens)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var rows = prompts.Select(prompt => new List<int>(prompt)).ToList();
        var open = new List<int>(Enumerable.Range(0, rows.Count));
        for (int step = 0; step < maxNewTokens; step++)
        {
            if (model.Mesh.World.AllReduceScalar((long)open.Count, ReduceOperation.Sum) == 0)
                break;
            // A rank whose answers are complete works along on a dummy, because the ranks of an expert group move in step.
            var next = NextTokens(open.Count > 0 ? [.. open.Select(i => rows[i])] : [[0]]);
            for (int i = 0; i < open.Count; i++)
                if (next[i] != endToken)
                    rows[open[i]].Add(next[i]);
            open = [.. open.Where((row, i) => next[i] != endToken && IsComplete?.Invoke(rows[row][prompts[row].Length..]) != true)];
        }
        return [.. prompts.Select((prompt, i) => rows[i].Skip(prompt.Length).ToArray())];
    }

    private int[] NextTokens(List<List<int>> rows)
    {
        var next = new int[rows.Count];
        model.Executor.Infer(new StepWork(model, rows, next), 1);
        model.Mesh.PipelineGroup.Broadcast<int>(next, model.Mesh.Shape.Pipeline - 1);
        return next;
    }

    private sealed class StepWork(ShardedModel model, List<List<int>> rows, int[] next) : IMicroBatchWork
    {
        public Tensor Ids(int microBatch)
        {
            int longest = rows.Max(row => row.Count);
            var ids = new long[rows.Count * longest];
            for (int i = 0; i < rows.Count; i++)
                for (int t = 0; t < rows[i].Count; t++)
                    ids[i * longest + t] = rows[i][t];
            return tensor(ids, [rows.Count, longest]);
        }

        public Tensor? Finish(int microBatch, Tensor hidden_BTH)
        {
            using var scope = NewDisposeScope();
            long longest = hidden_BTH.shape[1];
            long[] last = [.. rows.Select((row, i) => i * longest + row.Count - 1)];
            // Only the last position of each prompt needs the head.
            var hidden_B1H = hidden_BTH.reshape(-1, hidden_BTH.shape[2]).index_select(0, tensor(last, device: hidden_BTH.device)).unsqueeze(1);
            var logits_BV = model.Decoder.Logits(hidden_B1H).flatten(0, 1).to_type(ScalarType.Float32).cpu().contiguous();
            int vocabulary = (int)logits_BV.shape[1];
            for (int i = 0; i < next.Length; i++)
                next[i] = RowMath.ArgMax(TensorMemory.AsSpan<float>(logits_BV).Slice(i * vocabulary, vocabulary));
            return null;
        }
    }
}
