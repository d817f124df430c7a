using E3Scale.MoE;
using E3Scale.Pruner.Export;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>export</c>: the student's folder.</summary>
public sealed record ExportSection
{
    /// <summary>How weights are stored; null for the type of model.dtype.</summary>
    public WeightFormat? Weights { get; init; }

    /// <summary>Data that a file holds at most, unless a single weight is larger.</summary>
    [ByteSize]
    public string MaxShardSize { get; init; } = "5GB";

    /// <summary>What becomes of the patches of <c>compensation: linear-patch</c>, which no other loader knows.</summary>
    public PatchExport Patch { get; init; } = PatchExport.Refuse;

    /// <summary>Whether the teacher's multi-token-prediction layers go along, untrained.</summary>
    public bool KeepMtp { get; init; }
}
