namespace E3Scale.Kernels;

// Shape suffixes in this file: N = tokens, V = vocabulary.

/// <summary>Kullback-Leibler divergence between the softmaxes of two sets of logits over the full vocabulary, both directions.</summary>
/// <remarks>
/// KL(p || q) = sum_v p_v (zp_v - zq_v) - (Zp - Zq), Z the log-sum-exps. Float64 throughout: leaving out a harmless layer
/// changes the logits so little that float32 sums would cancel.
/// </remarks>
public static class KlDivergence
{
    /// <summary>Both directions summed over tokens, in nats.</summary>
    /// <param name="left_NV">Logits of p, [N, V], row after row.</param>
    /// <param name="right_NV">Logits of q, [N, V].</param>
    /// <param name="vocabulary">V &gt; 0.</param>
    /// <returns>Sums over the N tokens of KL(p || q) and of KL(q || p).</returns>
    /// <exception cref="ArgumentException">The lengths differ or are no whole number of rows.</exception>
    public static (double LeftToRight, double RightToLeft) Sum(ReadOnlySpan<float> left_NV, ReadOnlySpan<float> right_NV, int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabulary);
        if (left_NV.Length != right_NV.Length || left_NV.Length % vocabulary != 0)
            throw new ArgumentException($"{left_NV.Length} and {right_NV.Length} logits in rows of {vocabulary}");
        double leftToRight = 0, rightToLeft = 0;
        for (int start = 0; start < left_NV.Length; start += vocabulary)
        {
            var token = Token(left_NV.Slice(start, vocabulary), right_NV.Slice(start, vocabulary));
            leftToRight += token.LeftToRight;
            rightToLeft += token.RightToLeft;
        }
        return (leftToRight, rightToLeft);
    }

    /// <summary>Both directions for one token, in nats.</summary>
    /// <param name="left">Logits of p, [V].</param>
    /// <param name="right">Logits of q, [V].</param>
    /// <returns>KL(p || q) and KL(q || p), at least 0; NaN when a logit is not finite.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static (double LeftToRight, double RightToLeft) Token(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        if (left.Length != right.Length)
            throw new ArgumentException($"rows of {left.Length} and {right.Length} logits", nameof(right));
        // The maxima only keep exp in range. They come off both sides, so the sums below are those of shifted logits.
        double leftMax = RowMath.Max(left), rightMax = RowMath.Max(right);
        DoubleLanes leftSum = default, rightSum = default, leftDifference = default, rightDifference = default;
        for (int i = 0; i < left.Length; i += DoubleLanes.Count)
        {
            DoubleLanes zp = DoubleLanes.Load(left, i, leftMax), zq = DoubleLanes.Load(right, i, rightMax);
            DoubleLanes p = DoubleLanes.Exp(zp), q = DoubleLanes.Exp(zq), difference = zp - zq;
            leftSum += p;
            rightSum += q;
            leftDifference += p * difference;
            rightDifference += q * difference;
        }
        double sumP = leftSum.Sum(), sumQ = rightSum.Sum();
        double logRatio = Math.Log(sumP) - Math.Log(sumQ);
        return (NotNegative(leftDifference.Sum() / sumP - logRatio), NotNegative(logRatio - rightDifference.Sum() / sumQ));
    }

    // Rounding may leave -1e-17 where the rows are equal. NaN passes through.
    private static double NotNegative(double value) => value < 0 ? 0 : value;
}
