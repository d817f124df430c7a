namespace E3Scale.Pruner.Search;

/// <summary>Chooses the kept layers from one number per layer. Without noise this is the final mask of the search.</summary>
public static class HardMask
{
    /// <summary>Keeps the layers with the largest scores; of equal scores the lower layer index is kept.</summary>
    /// <param name="scores">One score per layer, [L], larger means keep; must not hold NaN.</param>
    /// <param name="keep">Layers kept, protected ones included: from their number to L.</param>
    /// <param name="protectedLayers">Indices of layers that are kept whatever their score.</param>
    /// <returns>bool [L], true for the <paramref name="keep"/> kept layers.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keep"/> or a protected index is out of range.</exception>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    public static bool[] TopK(ReadOnlySpan<double> scores, int keep, IReadOnlyCollection<int> protectedLayers)
    {
        bool[] kept = ProtectedFlags(scores.Length, protectedLayers);
        int[] candidates = Unmarked(kept);
        int free = keep - (scores.Length - candidates.Length);
        if (free < 0 || free > candidates.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(keep), keep,
                $"of {scores.Length} layers, {scores.Length - candidates.Length} of them protected, " +
                $"{scores.Length - candidates.Length} to {scores.Length} can be kept");
        }
        SortLargestFirst(candidates, scores);
        foreach (int layer in candidates.AsSpan(0, free))
            kept[layer] = true;
        return kept;
    }

    /// <summary>bool [L], true for the protected layers.</summary>
    internal static bool[] ProtectedFlags(int layerCount, IReadOnlyCollection<int> protectedLayers)
    {
        ArgumentNullException.ThrowIfNull(protectedLayers);
        bool[] flags = new bool[layerCount];
        foreach (int layer in protectedLayers)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(layer, nameof(protectedLayers));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, layerCount, nameof(protectedLayers));
            flags[layer] = true;
        }
        return flags;
    }

    /// <summary>Indices whose flag is not set, ascending.</summary>
    internal static int[] Unmarked(bool[] flags) => [.. Enumerable.Range(0, flags.Length).Where(i => !flags[i])];

    /// <summary>Sorts layers by score, the largest first; of equal scores the lower index comes first.</summary>
    internal static void SortLargestFirst(int[] layers, ReadOnlySpan<double> scores)
    {
        double[] keys = scores.ToArray();
        foreach (int layer in layers)
        {
            if (double.IsNaN(keys[layer]))
                throw new ArgumentException($"the score of layer {layer} is not a number", nameof(scores));
        }
        // The index as second key makes the order total, so every rank and every sort algorithm agrees.
        Array.Sort(layers, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
    }
}
