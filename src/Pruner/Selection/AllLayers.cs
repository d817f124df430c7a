namespace E3Scale.Pruner.Selection;

/// <summary>Masks over the layers of a teacher.</summary>
internal static class AllLayers
{
    /// <summary>Everything kept, [L].</summary>
    public static bool[] Kept(int layers) => [.. Enumerable.Repeat(true, layers)];

    /// <summary>Everything kept but some layers, [L].</summary>
    public static bool[] Without(int layers, IEnumerable<int> dropped)
    {
        bool[] isKept = Kept(layers);
        foreach (int layer in dropped)
            isKept[layer] = false;
        return isKept;
    }
}
