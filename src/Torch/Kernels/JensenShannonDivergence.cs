namespace E3Scale.Kernels;

/// <summary>
/// Jensen-Shannon divergence between the softmaxes of two sets of logits over the full vocabulary: the mean of KL(p || m) and KL(q || m) with
/// m = (p + q) / 2. Symmetric, between 0 and ln 2.
/// </summary>
/// <remarks>Lin 1991, "Divergence measures based on the Shannon entropy". Float64 throughout, as <see cref="KlDivergence"/>.</remarks>
public static class JensenShannonDivergence
{
    // Where both probabilities are 0 the logarithm must stay finite: 0 times it is then 0.
    private const double Smallest = 1e-300;

    /// <summary>The divergence for one token, in nats.</summary>
    /// <param name="left">Logits of p, [V].</param>
    /// <param name="right">Logits of q, [V].</param>
    /// <returns>0 to ln 2; NaN when a logit is not finite.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Token(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        if (left.Length != right.Length)
            throw new ArgumentException($"rows of {left.Length} and {right.Length} logits", nameof(right));
        double leftSumExp = LogSumExp(left), rightSumExp = LogSumExp(right);
        DoubleLanes sum = default;
        for (int i = 0; i < left.Length; i += DoubleLanes.Count)
        {
            DoubleLanes logP = DoubleLanes.Load(left, i, leftSumExp), logQ = DoubleLanes.Load(right, i, rightSumExp);
            DoubleLanes p = DoubleLanes.Exp(logP), q = DoubleLanes.Exp(logQ), both = p + q;
            sum += p * logP + q * logQ - both * DoubleLanes.Log(DoubleLanes.Max(both * 0.5, Smallest));
        }
        double divergence = sum.Sum() / 2;
        // Rounding may leave -1e-17 where the rows are equal. NaN passes through.
        return divergence < 0 ? 0 : divergence;
    }

    // RowMath's is float32 inside, which is not enough where the divergence is small.
    private static double LogSumExp(ReadOnlySpan<float> row)
    {
        double max = RowMath.Max(row);
        DoubleLanes sum = default;
        for (int i = 0; i < row.Length; i += DoubleLanes.Count)
            sum += DoubleLanes.Exp(DoubleLanes.Load(row, i, max));
        return max + Math.Log(sum.Sum());
    }
}
