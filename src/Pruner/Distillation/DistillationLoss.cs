using E3Scale.Kernels;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = tokens, V = vocabulary, K = stored logits per token.

/// <summary>Offline distillation loss against stored top-k teacher logits, with its gradient to the student's logits.</summary>
/// <remarks>
/// E3-Pruner, eq. 5 and 6; forms in <see cref="DistillationForm"/>. In host memory and float32 or bfloat16 a fused kernel works row by row:
/// the only [N, V] memory is the gradient itself. Other devices and types use the same formula composed from tensor operations.
/// </remarks>
public static class DistillationLoss
{
    /// <summary>Weighted sum of the divergences of all tokens.</summary>
    /// <param name="logits_NV">Student logits, [N, V]; the gradient goes to them, in their type.</param>
    /// <param name="ids_NK">Stored token ids, [N, k], different within a token, 0..V-1.</param>
    /// <param name="teacherLogits_NK">Stored teacher logits, [N, k].</param>
    /// <param name="teacherLogSumExp_N">Stored log-sum-exp of the teacher over its vocabulary, [N]; used by raw and ghost.</param>
    /// <param name="weight_N">Weight of each token, [N]: its entropy, or 1; 0 leaves it out at no cost. A constant.</param>
    /// <param name="form">Which divergence.</param>
    /// <param name="divergence_N">If given, receives the unweighted divergence of every token of non-zero weight (0 for the others), [N].</param>
    /// <returns>
    /// Scalar sum of weight times divergence, with a graph: float32, or float64 when the logits are. Divide by the tokens of the global batch. The
    /// arrays must stay unchanged until the backward pass. The caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentException">Shapes disagree, or an id lies outside of the student's vocabulary.</exception>
    public static Tensor Sum(
        Tensor logits_NV, int[] ids_NK, float[] teacherLogits_NK, float[] teacherLogSumExp_N, float[] weight_N,
        DistillationForm form = DistillationForm.TopKRenormalised, float[]? divergence_N = null)
    {
        ArgumentNullException.ThrowIfNull(logits_NV);
        DistillationBatch batch = new(ids_NK, teacherLogits_NK, teacherLogSumExp_N, weight_N, form);
        batch.CheckStudent(logits_NV.shape);
        if (divergence_N is not null && divergence_N.Length != batch.Tokens)
            throw new ArgumentException($"{divergence_N.Length} places for the divergences of {batch.Tokens} tokens", nameof(divergence_N));
        return TensorRows.Supports(logits_NV)
            ? DistillationFunction.apply(logits_NV, batch, divergence_N ?? new float[batch.Tokens])
            : ComposedDistillation.Sum(logits_NV, batch, divergence_N);
    }

    /// <summary>The same of a decoder's output, without ever holding the logits of all positions where the decoder can do so.</summary>
    /// <param name="decoder">The last part of the model.</param>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    /// <param name="ids_NK">As in the other one, N = B * T.</param>
    /// <param name="teacherLogits_NK">As in the other one.</param>
    /// <param name="teacherLogSumExp_N">As in the other one.</param>
    /// <param name="weight_N">As in the other one.</param>
    /// <param name="form">Which divergence.</param>
    /// <param name="scale">Factor on the sum.</param>
    /// <returns>The scaled sum, a scalar with a graph.</returns>
    /// <exception cref="ArgumentException">Shapes disagree, or an id lies outside of the student's vocabulary.</exception>
    public static Tensor Sum(
        Decoder decoder, Tensor hidden_BTH, int[] ids_NK, float[] teacherLogits_NK, float[] teacherLogSumExp_N, float[] weight_N,
        DistillationForm form, double scale)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(hidden_BTH);
        DistillationBatch batch = new(ids_NK, teacherLogits_NK, teacherLogSumExp_N, weight_N, form);
        batch.CheckStudent([hidden_BTH.shape[0] * hidden_BTH.shape[1], decoder.Config.VocabularySize]);
        // The renormalised form needs k logits of a token and no product with the whole head.
        if (form != DistillationForm.TopKRenormalised && decoder.HeadLoss(hidden_BTH, new DistillationHeadLoss(batch), scale) is { } loss)
            return loss;
        using var scope = NewDisposeScope();
        var (logits, ids) = (form == DistillationForm.TopKRenormalised)
            ? (decoder.LogitsAt(hidden_BTH, ids_NK), Positions(ids_NK.Length, batch.K))
            : (decoder.Logits(hidden_BTH).flatten(0, 1), ids_NK);
        return (Sum(logits, ids, teacherLogits_NK, teacherLogSumExp_N, weight_N, form) * scale).MoveToOuterDisposeScope();
    }

    /// <summary>Ids of a vocabulary that is a token's own stored ids, in their order.</summary>
    private static int[] Positions(int count, int perToken)
    {
        var positions = new int[count];
        for (int i = 0; i < count; i++)
            positions[i] = i % perToken;
        return positions;
    }
}
