using System.Text.Json.Serialization;
using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Compensation;

/// <summary>compensation.json: what makes up for the dropped layers.</summary>
public sealed record CompensationResult
{
    /// <summary>Name of the file in the stage's folder.</summary>
    public const string FileName = "compensation.json";

    /// <summary>Which compensation.</summary>
    [JsonPropertyName("method")]
    public required string Method { get; init; }

    /// <summary>Layers in the order in which they were dropped and compensated for.</summary>
    [JsonPropertyName("drop_order")]
    public required int[] DropOrder { get; init; }

    /// <summary>For each of them, how much larger the residual stream was behind it than before it.</summary>
    [JsonPropertyName("scales")]
    public double[] Scales { get; init; } = [];

    /// <summary>Factors of the weights; null for a compensation that scales none.</summary>
    [JsonPropertyName("scaling")]
    public ResidualScaling? Scaling { get; init; }

    /// <summary>Cuts with a patch in patch.safetensors, ascending; none for a compensation without.</summary>
    [JsonPropertyName("patched_cuts")]
    public LayerCut[] PatchedCuts { get; init; } = [];

    /// <summary>For each of them the patch's scalar part, the mean of its diagonal.</summary>
    [JsonPropertyName("patch_scales")]
    public double[] PatchScales { get; init; } = [];

    /// <summary>Dropped layers and those that they were merged into, in order; none for a compensation that merges none.</summary>
    [JsonPropertyName("merges")]
    public LayerMerge[] Merges { get; init; } = [];

    /// <summary>The merged layers that stay, ascending: where their channels come from.</summary>
    [JsonPropertyName("merged_layers")]
    public MergedLayer[] MergedLayers { get; init; } = [];

    /// <summary>Sequences it was measured on.</summary>
    [JsonPropertyName("calibration_sequences")]
    public required int CalibrationSequences { get; init; }

    /// <summary>Positions that went through a model for it, each counted by the share of the teacher's layers it met.</summary>
    [JsonPropertyName("forward_tokens")]
    public required double ForwardTokens { get; init; }
}
