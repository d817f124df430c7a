using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: N = tokens, K = chosen ids per token, V = vocabulary, H = hidden.

/// <summary>
/// The few logits of each token that a loss asks for, and their gradient, without the product with the whole head. Equals
/// <c>(head.index_select(0, ids).view(N, K, H) * hidden.unsqueeze(1)).sum(-1)</c> without the [N*K, H] copy.
/// </summary>
/// <remarks>Tokens are shared by the library's threads; what belongs to one is added in order, so results do not depend on their number. Lanes of Vector&lt;float&gt; run along H; the remainder is scalar.</remarks>
public static class HeadRows
{
    /// <summary>logits[n, k] = hidden[n] . head[ids[n, k]].</summary>
    /// <param name="hidden_NH">float32 [N, H].</param>
    /// <param name="head_VH">float32 [V, H].</param>
    /// <param name="ids_NK">Ids below V, [N, K].</param>
    /// <param name="width">H.</param>
    /// <param name="logits_NK">Receives the logits, [N, K].</param>
    public static unsafe void Forward(ReadOnlySpan<float> hidden_NH, ReadOnlySpan<float> head_VH, ReadOnlySpan<int> ids_NK, int width, Span<float> logits_NK)
    {
        int perToken = IdsPerToken(hidden_NH.Length, ids_NK.Length, width);
        ArgumentOutOfRangeException.ThrowIfLessThan(logits_NK.Length, ids_NK.Length);
        ThrowIfBeyond(ids_NK, head_VH.Length / width);
        fixed (float* hidden = hidden_NH, head = head_VH, logits = logits_NK)
        fixed (int* ids = ids_NK)
        {
            var (atHidden, atHead, atLogits, atIds) = ((nint)hidden, (nint)head, (nint)logits, (nint)ids); // nothing moves before the loop is over
            RowLoop.Run(hidden_NH.Length / width, () => 0, (_, token) =>
            {
                for (int i = token * perToken; i < (token + 1) * perToken; i++)
                    ((float*)atLogits)[i] = Dot(Row(atHidden, token, width), Row(atHead, ((int*)atIds)[i], width));
            });
        }
    }

    /// <summary>Gradient with respect to the hidden states: the rows' sum, weighted by the gradient of each logit.</summary>
    /// <param name="gradient_NK">Gradient of the logits, [N, K].</param>
    /// <param name="head_VH">float32 [V, H].</param>
    /// <param name="ids_NK">Ids below V, [N, K].</param>
    /// <param name="width">H.</param>
    /// <param name="result_NH">Zeros; receives the gradient, [N, H].</param>
    public static unsafe void BackwardHidden(
        ReadOnlySpan<float> gradient_NK, ReadOnlySpan<float> head_VH, ReadOnlySpan<int> ids_NK, int width, Span<float> result_NH)
    {
        int perToken = IdsPerToken(result_NH.Length, ids_NK.Length, width);
        ArgumentOutOfRangeException.ThrowIfLessThan(gradient_NK.Length, ids_NK.Length);
        ThrowIfBeyond(ids_NK, head_VH.Length / width);
        fixed (float* gradient = gradient_NK, head = head_VH, result = result_NH)
        fixed (int* ids = ids_NK)
        {
            var (atGradient, atHead, atResult, atIds) = ((nint)gradient, (nint)head, (nint)result, (nint)ids);
            RowLoop.Run(result_NH.Length / width, () => 0, (_, token) =>
            {
                for (int i = token * perToken; i < (token + 1) * perToken; i++)
                    RowMath.AddScaled(Row(atHead, ((int*)atIds)[i], width), ((float*)atGradient)[i], Row(atResult, token, width));
            });
        }
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

    private static unsafe Span<float> Row(nint matrix, int row, int width) => new((float*)matrix + ((long)row * width), width);

    // Before threads go by addresses.
    private static void ThrowIfBeyond(ReadOnlySpan<int> ids, int vocabulary)
    {
        foreach (int id in ids)
            if ((uint)id >= (uint)vocabulary)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"not the id of one of {vocabulary} rows of the head");
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
