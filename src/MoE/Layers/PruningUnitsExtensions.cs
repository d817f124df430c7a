namespace E3Scale.MoE;

/// <summary>How units are numbered: the one place that knows.</summary>
public static class PruningUnitsExtensions
{
    /// <summary>Units of a layer.</summary>
    /// <param name="units">What is counted.</param>
    public static int PerLayer(this PruningUnits units) => units == PruningUnits.Branches ? 2 : 1;

    /// <summary>The units of a layer, in the order in which the stream meets them.</summary>
    /// <param name="units">What is counted.</param>
    /// <param name="layer">0-based layer.</param>
    public static IEnumerable<int> OfLayer(this PruningUnits units, int layer) => Enumerable.Range(layer * units.PerLayer(), units.PerLayer());

    /// <summary>The layer that a unit is, or is part of.</summary>
    /// <param name="units">What is counted.</param>
    /// <param name="unit">0-based unit.</param>
    public static int LayerOf(this PruningUnits units, int unit) => unit / units.PerLayer();

    /// <summary>What a unit is of its layer.</summary>
    /// <param name="units">What is counted.</param>
    /// <param name="unit">0-based unit.</param>
    public static LayerBranches BranchesOf(this PruningUnits units, int unit) =>
        units == PruningUnits.Layers ? LayerBranches.Both : unit % 2 == 0 ? LayerBranches.Attention : LayerBranches.Mlp;

    /// <summary>A unit in words.</summary>
    /// <param name="units">What is counted.</param>
    /// <param name="unit">0-based unit.</param>
    public static string Describe(this PruningUnits units, int unit) => units.BranchesOf(unit) switch
    {
        LayerBranches.Attention => $"attention of layer {units.LayerOf(unit)}",
        LayerBranches.Mlp => $"MLP of layer {units.LayerOf(unit)}",
        _ => $"layer {unit}",
    };
}
