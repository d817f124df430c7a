using E3Scale.MoE;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>Short names of layers and branches, for charts.</summary>
internal static class UnitLabel
{
    /// <summary>The layer's number; of a branch with a or m for attention or MLP behind it.</summary>
    public static string Of(PruningUnits units, int unit) => units.BranchesOf(unit) switch
    {
        LayerBranches.Attention => $"{units.LayerOf(unit)}a",
        LayerBranches.Mlp => $"{units.LayerOf(unit)}m",
        _ => $"{unit}",
    };
}
