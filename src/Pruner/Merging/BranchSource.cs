using System.Text.Json.Serialization;

namespace E3Scale.Pruner.Merging;

/// <summary>What a branch (attention or MLP) of a merged layer has from one layer of the teacher.</summary>
public sealed record BranchSource
{
    /// <summary>Layer of the teacher.</summary>
    [JsonPropertyName("layer")]
    public required int Layer { get; init; }

    /// <summary>
    /// Channels that come from it, ascending: neurons of the MLP, or key-value heads with the query heads that they serve. May be none.
    /// </summary>
    [JsonPropertyName("channels")]
    public required int[] Channels { get; init; }

    /// <summary>Its part in the norms of the residual stream; those of all sources add up to 1.</summary>
    [JsonPropertyName("norm_share")]
    public required double NormShare { get; init; }

    /// <summary>
    /// Its part in what cannot be cut into channels, head norms and biases of the output; those of all sources add up to 1.
    /// </summary>
    [JsonPropertyName("share")]
    public required double Share { get; init; }

    /// <summary>A branch as the teacher has it.</summary>
    /// <param name="layer">Layer of the teacher.</param>
    /// <param name="channels">Channels of the branch.</param>
    public static BranchSource[] Whole(int layer, int channels) =>
        [new BranchSource { Layer = layer, Channels = [.. Enumerable.Range(0, channels)], NormShare = 1, Share = 1 }];
}
