using System.Text.Json.Nodes;

namespace E3Scale.MoE;

/// <summary>What every family's config needs when layers go.</summary>
internal static class LayerPruning
{
    private const string WindowField = "max_window_layers";
    private const string QuantizationField = "quantization_config";
    private static readonly string[] PerLayerLists = ["layer_types", "mlp_layer_types"];
    private static readonly string[] ModuleLists = ["modules_to_not_convert", "ignored_layers"];

    /// <summary>A copy of a config with the layer count, the per-layer lists and the module names of the kept layers.</summary>
    /// <param name="original">The teacher's config; not changed.</param>
    /// <param name="numbering">Which layers stay.</param>
    /// <param name="names">Knows the layer's number in a module's name.</param>
    public static JsonObject KeepLayers(JsonObject original, LayerNumbering numbering, IDecoderWeightNames names)
    {
        JsonObject pruned = original.DeepClone().AsObject();
        pruned["num_hidden_layers"] = numbering.KeptLayers.Count;
        foreach (string name in PerLayerLists)
            if (pruned[name] is JsonArray list && list.Count >= numbering.LayerCount)
                pruned[name] = new JsonArray(
                    [.. Enumerable.Range(0, list.Count).Where(layer => numbering.PositionOf(layer) is not null).Select(layer => list[layer]?.DeepClone())]);
        // Layers below this number see the whole context.
        if (pruned[WindowField] is JsonValue window && window.TryGetValue(out int first))
            pruned[WindowField] = numbering.KeptLayers.Count(layer => layer < first);
        if (pruned[QuantizationField] is JsonObject quantization)
            foreach (string name in ModuleLists)
                if (quantization[name] is JsonArray modules)
                    quantization[name] = RenumberModules(modules, numbering, names);
        return pruned;
    }

    private static JsonArray RenumberModules(JsonArray modules, LayerNumbering numbering, IDecoderWeightNames names)
    {
        JsonArray result = [];
        foreach (JsonNode? node in modules)
        {
            // A module may be a whole layer, so that its name ends with the number.
            if (node is not JsonValue value || !value.TryGetValue(out string? module) || names.LayerOf(module + ".") is not { } layer)
                result.Add(node?.DeepClone());
            else if (numbering.PositionOf(layer) is { } position)
                result.Add(names.InOtherLayer(module + ".", position)[..^1]);
        }
        return result;
    }
}
