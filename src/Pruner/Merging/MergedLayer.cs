using System.Text.Json.Serialization;
using E3Scale.MoE;

namespace E3Scale.Pruner.Merging;

/// <summary>
/// A layer whose branches are put together from layers of the teacher. It says where each weight comes from, not the weights themselves.
/// </summary>
public sealed record MergedLayer
{
    /// <summary>The layer whose place it has.</summary>
    [JsonPropertyName("layer")]
    public required int Layer { get; init; }

    /// <summary>Where its key-value heads come from, in their order.</summary>
    [JsonPropertyName("attention")]
    public required BranchSource[] Attention { get; init; }

    /// <summary>Where its neurons come from, in their order.</summary>
    [JsonPropertyName("mlp")]
    public required BranchSource[] Mlp { get; init; }

    /// <summary>A layer as the teacher has it.</summary>
    /// <param name="config">A model that <see cref="MergeableModels"/> accepts.</param>
    /// <param name="layer">0-based layer.</param>
    public static MergedLayer Unmerged(DecoderConfig config, int layer)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new MergedLayer
        {
            Layer = layer,
            Attention = BranchSource.Whole(layer, ((GroupedQueryAttentionConfig)config.Attention).KeyValueHeadCount),
            Mlp = BranchSource.Whole(layer, config.IntermediateSize),
        };
    }
}
