using E3Scale.Kernels;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = positions, V = vocabulary.

/// <summary>Next-token loss of given logits, without a graph: what models are judged by, not trained with.</summary>
public static class NextTokenLoss
{
    /// <summary>Sum over the positions with a label of log-sum-exp minus the label's logit, nats.</summary>
    /// <param name="logits_NV">Logits, float32 [N, V].</param>
    /// <param name="labels_N">Next tokens; negative where there is none to predict.</param>
    /// <param name="vocabulary">V.</param>
    /// <returns>Sum, float64, and how many positions are in it.</returns>
    public static (double Loss, long Positions) Sum(ReadOnlySpan<float> logits_NV, ReadOnlySpan<long> labels_N, int vocabulary)
    {
        double loss = 0;
        long positions = 0;
        for (int n = 0; n < labels_N.Length; n++)
        {
            if (labels_N[n] < 0)
                continue;
            var row = logits_NV.Slice(n * vocabulary, vocabulary);
            loss += RowMath.LogSumExp(row) - row[(int)labels_N[n]];
            positions++;
        }
        return (loss, positions);
    }
}
