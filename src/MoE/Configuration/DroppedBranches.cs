using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace E3Scale.MoE;

/// <summary>Layers that lost one of their two branches and keep the other. A layer without either is no layer of the model at all.</summary>
public sealed record DroppedBranches
{
    /// <summary>Field of an exported model's config.json that holds this record. Other loaders ignore it: they compute branches that add zeros.</summary>
    public const string ConfigField = "e3scale_dropped_branches";

    /// <summary>All layers are whole.</summary>
    public static DroppedBranches None { get; } = new();

    /// <summary>Layers without attention, ascending.</summary>
    [JsonPropertyName("attention")]
    public IReadOnlyList<int> Attention { get; init; } = [];

    /// <summary>Layers without MLP or mixture of experts, ascending.</summary>
    [JsonPropertyName("mlp")]
    public IReadOnlyList<int> Mlp { get; init; } = [];

    /// <summary>Whether all layers are whole.</summary>
    [JsonIgnore]
    public bool IsEmpty => Attention.Count == 0 && Mlp.Count == 0;

    /// <summary>What a layer still has.</summary>
    /// <param name="layer">0-based layer.</param>
    public LayerBranches LeftOf(int layer) =>
        LayerBranches.Both & ~(Attention.Contains(layer) ? LayerBranches.Attention : 0) & ~(Mlp.Contains(layer) ? LayerBranches.Mlp : 0);

    /// <summary>These and others.</summary>
    /// <param name="other">Branches of the same model.</param>
    public DroppedBranches With(DroppedBranches other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.IsEmpty ? this : new DroppedBranches
        {
            Attention = [.. Attention.Union(other.Attention).Order()],
            Mlp = [.. Mlp.Union(other.Mlp).Order()],
        };
    }

    /// <summary>Layers with an entry that is not one of a model's layers, or with two: not a layer with one branch.</summary>
    /// <param name="layerCount">Layers of the model.</param>
    public IEnumerable<int> Misplaced(int layerCount) =>
        Attention.Concat(Mlp).Where(layer => layer < 0 || layer >= layerCount).Concat(Attention.Intersect(Mlp));

    /// <summary>Reads the field of a config.json; a model without it has whole layers.</summary>
    /// <exception cref="CheckpointException">The field names layers that the model does not have, or names one twice.</exception>
    internal static DroppedBranches Read(ConfigReader config, int layerCount)
    {
        if (config.Object(ConfigField) is not { } field)
            return None;
        DroppedBranches dropped = new()
        {
            Attention = field.IntsUpTo("attention", layerCount, 0, layerCount - 1) ?? [],
            Mlp = field.IntsUpTo("mlp", layerCount, 0, layerCount - 1) ?? [],
        };
        return dropped.Misplaced(layerCount).Any()
            ? throw config.Invalid(ConfigField, $"with layer {dropped.Misplaced(layerCount).First()} in both lists, which would be no layer; expected it in one")
            : dropped;
    }

    /// <summary>The record for the layers that stay, under their new numbers.</summary>
    internal DroppedBranches Renumber(LayerNumbering numbering) => new()
    {
        Attention = [.. Attention.Select(numbering.PositionOf).OfType<int>()],
        Mlp = [.. Mlp.Select(numbering.PositionOf).OfType<int>()],
    };

    internal JsonNode ToJson() => JsonSerializer.SerializeToNode(this)!;
}
