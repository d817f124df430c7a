namespace E3Scale.Pruner.Merging;

/// <summary>
/// CoMe's concatenation (arXiv 2510.15304): of two branches the most sensitive channels stay, side by side in a branch that is as wide as
/// each of them was.
/// </summary>
/// <remarks>
/// Norms are the plain mean of both, head norms and output biases the sum by shares. A branch that has all channels of one of them is that
/// one, norms and biases included [ours]: the mean with norms of a branch that left nothing behind would only disturb it.
/// </remarks>
public static class BranchConcatenation
{
    /// <summary>Concatenates.</summary>
    /// <param name="into">The branch of the layer that stays.</param>
    /// <param name="sensitivity">How much each of its channels matters, in its order.</param>
    /// <param name="other">The branch of the layer that goes.</param>
    /// <param name="otherSensitivity">As many numbers for that one.</param>
    /// <param name="share">Share of the channels that are the first one's, 0 to 1.</param>
    /// <exception cref="ArgumentException">The branches are of different widths.</exception>
    public static BranchSource[] Merge(
        BranchSource[] into, IReadOnlyList<double> sensitivity, BranchSource[] other, IReadOnlyList<double> otherSensitivity, double share)
    {
        ArgumentNullException.ThrowIfNull(sensitivity);
        ArgumentNullException.ThrowIfNull(otherSensitivity);
        if (sensitivity.Count != otherSensitivity.Count)
            throw new ArgumentException($"branches of {sensitivity.Count} and {otherSensitivity.Count} channels", nameof(otherSensitivity));
        var (kept, taken) = Split(sensitivity.Count, share);
        if (taken == 0)
            return into;
        if (kept == 0)
            return other;
        return [.. MostSensitive(into, sensitivity, kept, share), .. MostSensitive(other, otherSensitivity, taken, 1 - share)];
    }

    /// <summary>Channels of each of two branches: the shares of all, rounded down, and what is left over to the larger share.</summary>
    /// <param name="channels">Channels of a branch.</param>
    /// <param name="share">Share of the first, 0 to 1.</param>
    public static (int First, int Second) Split(int channels, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        // 0.35 * 20 is a little less than 7 in floating point.
        int first = (int)Math.Floor(share * channels + 1e-9), second = (int)Math.Floor((1 - share) * channels + 1e-9);
        return share >= 0.5 ? (channels - second, second) : (first, channels - first);
    }

    private static IEnumerable<BranchSource> MostSensitive(
        BranchSource[] sources, IReadOnlyList<double> sensitivity, int count, double share)
    {
        HashSet<int> kept = [.. Enumerable.Range(0, sensitivity.Count).OrderByDescending(channel => sensitivity[channel]).Take(count)];
        int start = 0;
        foreach (var source in sources)
        {
            int first = start;
            start += source.Channels.Length;
            yield return source with
            {
                Channels = [.. source.Channels.Where((_, i) => kept.Contains(first + i))],
                NormShare = source.NormShare / 2,
                Share = source.Share * share,
            };
        }
    }
}
