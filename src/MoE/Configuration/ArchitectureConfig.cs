using System.Text.Json;

namespace E3Scale.MoE;

/// <summary>A config.json without weights.</summary>
/// <param name="Path">The file.</param>
/// <param name="Config">What it says.</param>
/// <param name="Family">The architecture.</param>
/// <param name="Json">The parsed file.</param>
public sealed record ArchitectureConfig(string Path, DecoderConfig Config, ModelFamily Family, JsonElement Json)
{
    /// <summary>Every tensor of the published checkpoint, as far as the family knows.</summary>
    public IEnumerable<PublishedTensor> PublishedTensors => Family.PublishedTensors(Json, Path);

    /// <summary>Multi-token-prediction layers behind the model's own, which loading leaves out.</summary>
    public int PredictionLayerCount => Family.PredictionLayerCount(Json, Path);

    /// <summary>Reads a config.json.</summary>
    /// <param name="path">The file, or the folder that it is in.</param>
    /// <exception cref="CheckpointException">The file is missing or cannot be understood.</exception>
    public static ArchitectureConfig Read(string path)
    {
        string file = Directory.Exists(path) ? System.IO.Path.Combine(path, ModelFolder.ConfigFile) : path;
        if (!File.Exists(file))
            throw new CheckpointException($"{file}: no such file; expected the config.json of a model.");
        var root = CheckpointJson.ReadObject(file, HuggingFaceCheckpoint.MaxConfigBytes).Root;
        ModelFamily family = ModelFamilies.For(root, file);
        JsonElement json = JsonSerializer.SerializeToElement(root);
        return new ArchitectureConfig(file, family.ParseConfig(json, file), family, json);
    }
}
