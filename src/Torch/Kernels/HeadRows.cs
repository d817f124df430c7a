using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: N = tokens, K = chosen ids per token, V = vocabulary, H = hidden.

/// <summary>
/// The few logits of each token that a loss asks for, and their gradient, without the product with the whole head. Equals
/// <c>(head.index_select(0, ids).view(N, K, H) * hidden.unsqueeze(1)).sum(-1)</c> without the [N*K, H] copy.
/// </summary>
/// <remarks>Rows are added in order, so results do not depend on threads. Lanes of Vector&lt;float&gt; run along H; the remainder is scalar.</remarks>
public static class HeadRows
{
    /// <summary>logits[n, k] = hidden[n] . head[ids[n, k]].</summary>
    /// <param name="hidden_NH">float32 [N, H].</param>
    /// <param name="head_VH">float32 [V, H].</param>
    /// <param name="ids_NK">Ids below V, [N, K].</param>
    /// <param name="width">H.</param>
    /// <param name="logits_NK">Receives the logits, [N, K].</param>
    public static void Forward(ReadOnlySpan<float> hidden_NH, ReadOnlySpan<float> head_VH, ReadOnlySpan<int> ids_NK, int width, Span<float> logits_NK)
    {
        int perToken = IdsPerToken(hidden_NH.Length, ids_NK.Length, width);
        for (int i = 0; i < ids_NK.Length; i++)
            logits_NK[i] = Dot(hidden_NH.Slice(i / perToken * width, width), head_VH.Slice(ids_NK[i] * width, width));
    }

    /// <summary>Gradient with respect to the hidden states: the rows' sum, weighted by the gradient of each logit.</summary>
    /// <param name="gradient_NK">Gradient of the logits, [N, K].</param>
    /// <param name="head_VH">float32 [V, H].</param>
    /// <param name="ids_NK">Ids below V, [N, K].</param>
    /// <param name="width">H.</param>
    /// <param name="result_NH">Zeros; receives the gradient, [N, H].</param>
    public static void BackwardHidden(
        ReadOnlySpan<float> gradient_NK, ReadOnlySpan<float> head_VH, ReadOnlySpan<int> ids_NK, int width, Span<float> result_NH)
    {
        int perToken = IdsPerToken(result_NH.Length, ids_NK.Length, width);
        for (int i = 0; i < ids_NK.Length; i++)
            RowMath.AddScaled(head_VH.Slice(ids_NK[i] * width, width), gradient_NK[i], result_NH.Slice(i / perToken * width, width));
    }

    /// <summary>Gradient with respect to the head: only rows that some token chose are not zero.</summary>
    /// <param name="gradient_NK">Gradient of the logits, [N, K].</param>
    /// <param name="hidden_NH">float32 [N, H].</param>
    /// <param name="ids_NK">Ids below V, [N, K].</param>
    /// <param name="width">H.</param>
    /// <param name="result_VH">Zeros; receives the gradient, [V, H].</param>
    public static void BackwardHead(
        ReadOnlySpan<float> gradient_NK, ReadOnlySpan<float> hidden_NH, ReadOnlySpan<int> ids_NK, int width, Span<float> result_VH)
    {
        int perToken = IdsPerToken(hidden_NH.Length, ids_NK.Length, width);
        for (int i = 0; i < ids_NK.Length; i++)
            RowMath.AddScaled(hidden_NH.Slice(i / perToken * width, width), gradient_NK[i], result_VH.Slice(ids_NK[i] * width, width));
    }

    private static int IdsPerToken(int hidden, int ids, int width)
    {
        int tokens = hidden / width;
        return tokens > 0 && hidden % width == 0 && ids % tokens == 0
            ? ids / tokens
            : throw new ArgumentException($"{ids} ids for {hidden} hidden numbers of width {width}");
    }

    private static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var leftLanes = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rightLanes = MemoryMarshal.Cast<float, Vector<float>>(right);
        var sum = Vector<float>.Zero;
        for (int i = 0; i < leftLanes.Length; i++)
            sum = Vector.FusedMultiplyAdd(leftLanes[i], rightLanes[i], sum);
        float total = Vector.Sum(sum);
        for (int i = leftLanes.Length * Vector<float>.Count; i < left.Length; i++)
            total += left[i] * right[i];
        return total;
    }
}
