using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: N = tokens, k = rows of a token, M = N*k rows in any order, H = width.

/// <summary>
/// Sums over the few rows that belong to each token of a mixture of experts, without an [M, H] intermediate and without scattering:
/// every result row is written once, by adding the token's rows in their order, in float32.
/// </summary>
/// <remarks>
/// <see cref="Sum"/> equals <c>zeros(N, H).index_add(0, tokenOfRow, rows)</c>, and with weights that of <c>rows * weights</c>.
/// Tokens are shared by the library's threads. Lanes of Vector&lt;float&gt; run along H; the remainder is scalar. bfloat16 rows are widened one at a time and rounded once at the end.
/// </remarks>
public static class TokenRows
{
    /// <summary>result[n] = sum over k of weights[n, k] * rows[rowOf[n, k]].</summary>
    /// <param name="rows_MH">The rows.</param>
    /// <param name="rowOf_Nk">Row of each slot, below M.</param>
    /// <param name="weights_Nk">A factor for each slot; empty for 1.</param>
    /// <param name="result_NH">Receives the sums.</param>
    public static unsafe void Sum(TensorRows rows_MH, int[] rowOf_Nk, ReadOnlySpan<float> weights_Nk, TensorRows result_NH)
    {
        ArgumentNullException.ThrowIfNull(rows_MH);
        ArgumentNullException.ThrowIfNull(result_NH);
        ArgumentNullException.ThrowIfNull(rowOf_Nk);
        int perToken = RowsPerToken(result_NH.Count, rowOf_Nk.Length);
        if (!weights_Nk.IsEmpty && weights_Nk.Length < rowOf_Nk.Length)
            throw new ArgumentException($"{weights_Nk.Length} weights for {rowOf_Nk.Length} slots");
        fixed (float* weights = weights_Nk)
        {
            nint atWeights = (nint)weights; // nothing moves before the loop is over
            RowLoop.Run(checked((int)result_NH.Count), () => (Sum: new float[result_NH.Width], Widened: new float[rows_MH.Width]), (scratch, token) =>
            {
                scratch.Sum.AsSpan().Clear();
                for (int slot = token * perToken; slot < (token + 1) * perToken; slot++)
                    RowMath.AddScaled(rows_MH.View(rowOf_Nk[slot], scratch.Widened), atWeights == 0 ? 1 : ((float*)atWeights)[slot], scratch.Sum);
                result_NH.Write(token, scratch.Sum);
            });
        }
    }

    /// <summary>Gradients of the weighted <see cref="Sum"/>: row r of slot (n, k) gets weights[n, k] * gradient[n], its weight the product with it.</summary>
    /// <param name="gradient_NH">Gradient of the sums.</param>
    /// <param name="rows_MH">The rows that were summed.</param>
    /// <param name="rowOf_Nk">Row of each slot.</param>
    /// <param name="weights_Nk">Factor of each slot.</param>
    /// <param name="rowsGradient_MH">Receives the gradient of the rows; a row that no slot names is left alone, and no two may name the same.</param>
    /// <param name="weightsGradient_Nk">Receives the gradient of the weights; empty when nobody asks for it.</param>
    public static unsafe void SumBackward(
        TensorRows gradient_NH, TensorRows rows_MH, int[] rowOf_Nk, ReadOnlySpan<float> weights_Nk,
        TensorRows rowsGradient_MH, Span<float> weightsGradient_Nk)
    {
        ArgumentNullException.ThrowIfNull(gradient_NH);
        ArgumentNullException.ThrowIfNull(rows_MH);
        ArgumentNullException.ThrowIfNull(rowsGradient_MH);
        ArgumentNullException.ThrowIfNull(rowOf_Nk);
        int perToken = RowsPerToken(gradient_NH.Count, rowOf_Nk.Length);
        if (weights_Nk.Length < rowOf_Nk.Length || (!weightsGradient_Nk.IsEmpty && weightsGradient_Nk.Length < rowOf_Nk.Length))
            throw new ArgumentException($"{weights_Nk.Length} weights and {weightsGradient_Nk.Length} places for their gradients, for {rowOf_Nk.Length} slots");
        fixed (float* weights = weights_Nk, weightsGradient = weightsGradient_Nk)
        {
            var (atWeights, atWeightsGradient) = ((nint)weights, (nint)weightsGradient);
            RowLoop.Run(
                checked((int)gradient_NH.Count),
                () => (Gradient: new float[gradient_NH.Width], Widened: new float[rows_MH.Width], Scaled: new float[rows_MH.Width]),
                (scratch, token) =>
                {
                    var gradient = gradient_NH.View(token, scratch.Gradient);
                    for (int slot = token * perToken; slot < (token + 1) * perToken; slot++)
                    {
                        int row = rowOf_Nk[slot];
                        if (atWeightsGradient != 0)
                            ((float*)atWeightsGradient)[slot] = Dot(gradient, rows_MH.View(row, scratch.Widened));
                        RowMath.Scale(gradient, ((float*)atWeights)[slot], scratch.Scaled);
                        rowsGradient_MH.Write(row, scratch.Scaled);
                    }
                });
        }
    }

    private static int RowsPerToken(long tokens, int slots) => tokens == 0
        ? 0
        : slots % tokens == 0 ? (int)(slots / tokens) : throw new ArgumentException($"{slots} slots for {tokens} tokens");

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
