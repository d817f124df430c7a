namespace E3Scale.MoE;

/// <summary>The fields of sliding-window attention, of which a token sees only the nearest positions.</summary>
internal static class WindowFields
{
    private const string Width = "sliding_window";

    /// <summary>
    /// The windows of Qwen models: none unless use_sliding_window, and then those of the layers that layer_types or max_window_layers name.
    /// </summary>
    /// <param name="config">The whole config.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <returns>For every layer its window or null; empty when no layer has one.</returns>
    /// <exception cref="CheckpointException">A field is of the wrong type, or a layer's kind of attention is unknown.</exception>
    public static IReadOnlyList<int?> Read(ConfigReader config, int layerCount)
    {
        // A window that is switched off may still be written down.
        int? width = config.Flag("use_sliding_window", defaultValue: false)
            ? config.Int(Width, 1, ConfigReader.MaxTokens, defaultValue: 4096)
            : null;
        if (config.Texts("layer_types") is not { } types)
        {
            int first = config.Int("max_window_layers", 0, ConfigReader.MaxCount, defaultValue: 28);
            return width is null || first >= layerCount
                ? []
                : [.. Enumerable.Range(0, layerCount).Select(layer => layer < first ? null : width)];
        }
        if (types.Length < layerCount)
            throw config.Invalid("layer_types", $"a list of {types.Length}, expected an entry for each of the {layerCount} layers");
        return types.All(type => type == "full_attention") ? [] : [.. types.Take(layerCount).Select(Window)];

        int? Window(string type) => type switch
        {
            "full_attention" => null,
            "sliding_attention" => width
                ?? throw config.Invalid("layer_types", "'sliding_attention' in a model whose use_sliding_window is not true"),
            _ => throw config.Invalid("layer_types", $"'{type}' for a layer; supported: full_attention, sliding_attention"),
        };
    }

    /// <summary>The windows of models in which all layers have one, or none.</summary>
    /// <param name="config">The whole config.</param>
    /// <param name="layerCount">Layers of the model.</param>
    public static IReadOnlyList<int?> ReadForAllLayers(ConfigReader config, int layerCount) =>
        config.OptionalInt(Width, 1, ConfigReader.MaxTokens) is { } width ? [.. Enumerable.Repeat<int?>(width, layerCount)] : [];
}
