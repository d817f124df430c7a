using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Evaluation.Generation;

// Shape suffixes in this file: B = prompts of a batch, T = positions, H = hidden, V = vocabulary.

/// <summary>
/// Generation on a sharded model, greedy or sampled. Prompts are padded on the right, which a causal model does not see. With a cache of keys and
/// values each step runs one position of every text; without one it runs the unfinished texts whole. Either way the most likely next token is
/// taken (the lowest id among equals), or one that <see cref="Sampling"/> draws.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="endToken">Ends an answer; null runs to the longest.</param>
public sealed class TextGenerator(ShardedModel model, int? endToken)
{
    /// <summary>How tokens are drawn; null (default) takes the most likely one.</summary>
    public TokenSampling? Sampling { get; init; }

    /// <summary>Whether an answer, without the end token, is long enough; null (default) when only the end token and the length end it.</summary>
    public Predicate<IReadOnlyList<int>>? IsComplete { get; init; }

    /// <summary>
    /// Whether earlier positions are kept instead of computed again. Default true. Texts that a cache cannot take
    /// (<see cref="KeyValueCache.Supports"/>) are computed again in any case.
    /// </summary>
    public bool UsesCache { get; init; } = true;

    /// <summary>Told after every step, when its tokens are known on this rank, how many steps there were; null (default) for nobody.</summary>
    public Action<int>? AfterStep { get; init; }

    /// <summary>Continues prompts. Collective over the world: ranks stop together, when the last one is done.</summary>
    /// <param name="prompts">Prompts of this replica, each with at least one token; the same on all its stages. May be empty.</param>
    /// <param name="maxNewTokens">Longest answer.</param>
    /// <param name="streams">
    /// With <see cref="Sampling"/>, the stream of draws of each prompt: one that no other text has, whatever rank continues it. Null (default)
    /// numbers the prompts.
    /// </param>
    /// <returns>New tokens of each prompt, the end token not included; the same on all stages of the replica.</returns>
    public int[][] Generate(IReadOnlyList<int[]> prompts, int maxNewTokens, IReadOnlyList<ulong>? streams = null)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var rows = prompts.Select(prompt => new List<int>(prompt)).ToList();
        int[] open = [.. Enumerable.Range(0, rows.Count)]; // unfinished
        int[] running = open; // rows of the batch: with a cache some finished ones stay a while
        using KeyValueCache? cache = NewCache(prompts, maxNewTokens);
        for (int step = 0; step < maxNewTokens; step++)
        {
            if (model.Mesh.World.AllReduceScalar((long)open.Length, ReduceOperation.Sum) == 0)
                break;
            // A rank whose answers are complete works along on a dummy, because the ranks of an expert group move in step.
            int[] next = open.Length > 0
                ? NextTokens([.. running.Select(i => rows[i])], cache, (logits, i) => Choose(logits, streams?[running[i]] ?? (ulong)running[i], step))
                : NextTokens([[0]], null, (_, _) => 0);
            var isOpen = new HashSet<int>();
            for (int i = 0; i < running.Length && open.Length > 0; i++)
                if (Array.BinarySearch(open, running[i]) >= 0 && Extend(rows[running[i]], prompts[running[i]].Length, next[i]))
                    isOpen.Add(running[i]);
            open = [.. open.Where(isOpen.Contains)];
            running = Shrink(running, open, cache);
            AfterStep?.Invoke(step + 1);
        }
        return [.. prompts.Select((prompt, i) => rows[i].Skip(prompt.Length).ToArray())];
    }

    // Every open answer has as many tokens as there were steps, so the step is the position.
    private int Choose(ReadOnlySpan<float> logits_V, ulong stream, int step) => Sampling?.Draw(logits_V, stream, step) ?? RowMath.ArgMax(logits_V);

    private KeyValueCache? NewCache(IReadOnlyList<int[]> prompts, int maxNewTokens) =>
        UsesCache && prompts.Count > 0 && KeyValueCache.Supports(model.Config, prompts.Max(prompt => prompt.Length) + maxNewTokens)
            ? new KeyValueCache([.. prompts.Select(prompt => prompt.Length)])
            : null;

    /// <summary>Adds a token to an answer; false when the answer is complete.</summary>
    private bool Extend(List<int> row, int promptLength, int token)
    {
        if (token == endToken)
            return false;
        row.Add(token);
        return IsComplete?.Invoke(row[promptLength..]) != true;
    }

    /// <summary>Finished rows leave the batch: at once without a cache; with one, whose rows must be moved then, when they are half of it.</summary>
    private static int[] Shrink(int[] running, int[] open, KeyValueCache? cache)
    {
        if (cache is null || open.Length == 0)
            return open;
        if (2 * open.Length > running.Length)
            return running;
        cache.Keep([.. Enumerable.Range(0, running.Length).Where(i => Array.BinarySearch(open, running[i]) >= 0)]);
        return open;
    }

    private int[] NextTokens(List<List<int>> rows, KeyValueCache? cache, TokenChoice choose)
    {
        var next = new int[rows.Count];
        model.Executor.Infer(new StepWork(model, rows, next, cache, choose), 1);
        model.Mesh.PipelineGroup.Broadcast<int>(next, model.Mesh.Shape.Pipeline - 1);
        return next;
    }

    /// <summary>Chooses the next token of a row of the batch.</summary>
    private delegate int TokenChoice(ReadOnlySpan<float> logits_V, int row);

    private sealed class StepWork(ShardedModel model, List<List<int>> rows, int[] next, KeyValueCache? cache, TokenChoice choose) : IMicroBatchWork
    {
        // Once the cache has the prompts, only the last token of each row is new.
        private readonly bool _isNext = cache is { HasPrompts: true };

        public KeyValueCache? Cache(int microBatch) => cache;

        public Tensor Ids(int microBatch)
        {
            if (_isNext)
                return tensor(rows.Select(row => (long)row[^1]).ToArray(), [rows.Count, 1]);
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
            long[] last = [.. rows.Select((row, i) => i * longest + (_isNext ? 0 : row.Count - 1))];
            // Only the last position of each prompt needs the head.
            var hidden_B1H = hidden_BTH.reshape(-1, hidden_BTH.shape[2]).index_select(0, tensor(last, device: hidden_BTH.device)).unsqueeze(1);
            var logits_BV = model.Decoder.Logits(hidden_B1H).flatten(0, 1).to_type(ScalarType.Float32).cpu().contiguous();
            int vocabulary = (int)logits_BV.shape[1];
            for (int i = 0; i < next.Length; i++)
                next[i] = choose(TensorMemory.AsSpan<float>(logits_BV).Slice(i * vocabulary, vocabulary), i);
            return null;
        }
    }
}
