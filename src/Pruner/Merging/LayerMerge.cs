using System.Text.Json.Serialization;

namespace E3Scale.Pruner.Merging;

/// <summary>A layer that goes, and the one that takes channels of it over.</summary>
public sealed record LayerMerge
{
    /// <summary>The layer that goes.</summary>
    [JsonPropertyName("layer")]
    public required int Layer { get; init; }

    /// <summary>The layer that stays and becomes the merged one.</summary>
    [JsonPropertyName("into")]
    public required int Into { get; init; }

    /// <summary>Share of the channels that the layer which stays keeps of its own, 0 to 1.</summary>
    [JsonPropertyName("share")]
    public required double Share { get; init; }

    /// <summary>
    /// Angle between the stream before and behind both layers, as a share of pi; null where no method chose the pair by it.
    /// </summary>
    [JsonPropertyName("pair_score")]
    public double? PairScore { get; init; }
}
