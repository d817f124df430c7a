namespace E3Scale.Evaluation.HeldOut;

/// <summary>Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs.</summary>
public static class RankCorrelation
{
    /// <summary>The correlation of two rows of numbers.</summary>
    /// <param name="first">[N].</param>
    /// <param name="second">[N].</param>
    /// <returns>-1 to 1; null where it is not defined: fewer than two values, or all of a row equal.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double? Spearman(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length)
            throw new ArgumentException($"{first.Length} and {second.Length} values", nameof(second));
        double[] firstRanks = Ranks(first), secondRanks = Ranks(second);
        double mean = (first.Length - 1) / 2.0, product = 0, firstSquares = 0, secondSquares = 0;
        for (int i = 0; i < firstRanks.Length; i++)
        {
            double a = firstRanks[i] - mean, b = secondRanks[i] - mean;
            product += a * b;
            firstSquares += a * a;
            secondSquares += b * b;
        }
        double scale = Math.Sqrt(firstSquares * secondSquares);
        return scale > 0 ? product / scale : null;
    }

    // From 0; equal values share the mean of their places.
    private static double[] Ranks(ReadOnlySpan<float> values)
    {
        float[] sorted = values.ToArray();
        int[] order = [.. Enumerable.Range(0, sorted.Length)];
        Array.Sort(sorted, order);
        double[] ranks = new double[sorted.Length];
        for (int first = 0, next; first < sorted.Length; first = next)
        {
            next = first + 1;
            while (next < sorted.Length && sorted[next].Equals(sorted[first]))
                next++;
            for (int i = first; i < next; i++)
                ranks[order[i]] = (first + next - 1) / 2.0;
        }
        return ranks;
    }
}
