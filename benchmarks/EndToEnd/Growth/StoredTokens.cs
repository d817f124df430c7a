using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Growth;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden, N = B*T, K = stored logits per token.

/// <summary>Distillation from stored logits without meaning, in the form that needs no other logits of the student.</summary>
/// <param name="next">Gives the ids.</param>
/// <param name="decoder">This rank's part of the model.</param>
/// <param name="tokens">N.</param>
/// <param name="stored">K.</param>
internal sealed class StoredTokens(NextTokens next, Decoder decoder, int tokens, int stored) : IMicroBatchWork
{
    private readonly int[] _ids_NK =
        [.. from n in Enumerable.Range(0, tokens) from k in Enumerable.Range(0, stored) select (int)((n * 7919L + k * 31L) % decoder.Config.VocabularySize)];

    private readonly float[] _logits_NK = [.. Enumerable.Range(0, tokens * stored).Select(i => 9f - i % stored * .1f)];
    private readonly float[] _logSumExp_N = [.. Enumerable.Repeat(12f, tokens)], _weight_N = [.. Enumerable.Repeat(1f / tokens, tokens)];

    public Tensor Ids(int microBatch) => next.Ids(microBatch);

    public Tensor Finish(int microBatch, Tensor hidden_BTH) =>
        DistillationLoss.Sum(decoder, hidden_BTH, _ids_NK, _logits_NK, _logSumExp_N, _weight_N, DistillationForm.TopKRenormalised, scale: 1);
}
