using System.Runtime.InteropServices;
using E3Scale.Kernels;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Evaluation.Tasks;

// Shape suffixes in this file: B = texts of a batch, T = positions, H = hidden, n = scored positions, V = vocabulary.

/// <summary>
/// Log-likelihoods of continuations on a sharded model. Texts are sorted by length, longest first, so that a batch has little padding, which a
/// causal model does not see; texts that differ only in their last token, which is only predicted, run once.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="batchSize">Texts of a forward pass.</param>
internal sealed class ContinuationScorer(ShardedModel model, int batchSize)
{
    /// <summary>Batches that are under way in a pipeline at once.</summary>
    private const int BatchesPerRun = 8;

    /// <summary>Scored rows whose logits exist at the same time.</summary>
    private const int RowsPerSlice = 512;

    /// <summary>Sums of the log-probabilities of the scored tokens. Collective over the world.</summary>
    /// <param name="requests">The same list on every rank.</param>
    /// <param name="afterBatch">Told how many texts are done on this replica.</param>
    /// <returns>Nats, by request; the same on every rank.</returns>
    public double[] Score(IReadOnlyList<EncodedRequest> requests, Action<int>? afterBatch = null)
    {
        var mesh = model.Mesh;
        var texts = Texts(requests);
        List<List<ScoredText>> batches = [.. texts.Chunk(batchSize).Where((_, i) => i % mesh.Shape.Data == mesh.DataRank).Select(batch => batch.ToList())];
        int rounds = (int)mesh.World.AllReduceScalar((long)batches.Count, ReduceOperation.Max);
        double[] sums = new double[requests.Count];
        // Ranks of an expert group move in step: one without a batch of its own repeats another and throws the result away.
        List<ScoredText> filler = batches.Count > 0 ? batches[^1] : [texts[^1]];
        for (int first = 0; first < rounds; first += BatchesPerRun)
        {
            int count = Math.Min(BatchesPerRun, rounds - first);
            mesh.World.Activity.Begin($"batch {first + 1} of {rounds}");
            model.Executor.Infer(new BatchesWork([.. Enumerable.Range(first, count).Select(round => round < batches.Count
                ? new BatchWork(model, batches[round], sums)
                : new BatchWork(model, filler, sums: null))]), count);
            afterBatch?.Invoke(Math.Min((first + count) * batchSize * mesh.Shape.Data, texts.Count));
        }
        // Each request was scored on the last stage of one replica; everywhere else its sum is 0.
        mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        return sums;
    }

    private static List<ScoredText> Texts(IReadOnlyList<EncodedRequest> requests)
    {
        var texts = new Dictionary<string, ScoredText>(StringComparer.Ordinal);
        for (int i = 0; i < requests.Count; i++)
        {
            int[] input = requests[i].Tokens[..^1];
            string key = new(MemoryMarshal.Cast<int, char>(input.AsSpan()));
            if (!texts.TryGetValue(key, out var text))
                texts.Add(key, text = new ScoredText(input, []));
            text.Requests.Add((i, requests[i]));
        }
        return [.. texts.Values.OrderByDescending(text => text.Input.Length)]; // stable: equal lengths stay in the order of the requests
    }

    /// <summary>An input of the model and the requests that it answers.</summary>
    private sealed record ScoredText(int[] Input, List<(int Index, EncodedRequest Request)> Requests);

    /// <summary>One scored token.</summary>
    /// <param name="Request">Whose sum it adds to.</param>
    /// <param name="Position">Row of the flattened batch that predicts it.</param>
    /// <param name="Token">The token.</param>
    private readonly record struct ScoredToken(int Request, long Position, int Token);

    private sealed class BatchesWork(BatchWork[] batches) : IMicroBatchWork
    {
        public Tensor Ids(int microBatch) => batches[microBatch].Ids();

        public Tensor? Finish(int microBatch, Tensor hidden_BTH)
        {
            batches[microBatch].AddUp(hidden_BTH);
            return null;
        }
    }

    /// <summary>One forward pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Texts.</param>
    /// <param name="sums">Sums of all requests, to which those of these texts are added; null throws them away.</param>
    private sealed class BatchWork(ShardedModel model, List<ScoredText> batch, double[]? sums)
    {
        private readonly int _longest = batch.Max(text => text.Input.Length);

        public Tensor Ids()
        {
            var ids = new long[batch.Count * _longest];
            for (int i = 0; i < batch.Count; i++)
                for (int t = 0; t < batch[i].Input.Length; t++)
                    ids[i * _longest + t] = batch[i].Input[t];
            return tensor(ids, [batch.Count, _longest]);
        }

        public void AddUp(Tensor hidden_BTH)
        {
            if (sums is null)
                return;
            using var scope = NewDisposeScope();
            var hidden_nH = hidden_BTH.flatten(0, 1);
            foreach (var slice in ScoredTokens().Chunk(RowsPerSlice))
            {
                using var inner = NewDisposeScope();
                var rows = tensor(Array.ConvertAll(slice, token => token.Position), device: hidden_BTH.device);
                var logits_nV = model.Decoder.Logits(hidden_nH.index_select(0, rows).unsqueeze(0)).squeeze(0).to_type(ScalarType.Float32).cpu().contiguous();
                int vocabulary = (int)logits_nV.shape[1];
                for (int n = 0; n < slice.Length; n++)
                {
                    var row = TensorMemory.AsSpan<float>(logits_nV).Slice(n * vocabulary, vocabulary);
                    sums[slice[n].Request] += row[slice[n].Token] - RowMath.LogSumExp(row);
                }
            }
        }

        private IEnumerable<ScoredToken> ScoredTokens()
        {
            for (int i = 0; i < batch.Count; i++)
                foreach (var (index, request) in batch[i].Requests)
                    for (int t = request.Tokens.Length - request.ScoredTokens; t < request.Tokens.Length; t++)
                        yield return new ScoredToken(index, (long)i * _longest + t - 1, request.Tokens[t]);
        }
    }
}
