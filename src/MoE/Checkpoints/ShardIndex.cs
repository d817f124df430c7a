using System.Text.Json.Nodes;

namespace E3Scale.MoE;

/// <summary>Which file holds which tensor: the weight_map of model.safetensors.index.json.</summary>
internal static class ShardIndex
{
    public const int MaxIndexBytes = 1 << 28;

    /// <summary>Reads the index and checks that every file it names is in the folder.</summary>
    /// <param name="folder">The model folder.</param>
    /// <returns>Full path of the file of every tensor.</returns>
    public static Dictionary<string, string> Read(ModelFolder folder)
    {
        string path = folder.Resolve(ModelFolder.IndexFile, "the loader");
        (_, JsonObject root) = CheckpointJson.ReadObject(path, MaxIndexBytes);
        if (root["weight_map"] is not JsonObject map)
            throw new CheckpointException($"{path}: has no object 'weight_map'. Download the file again.");
        Dictionary<string, string> pathOfTensor = new(map.Count, StringComparer.Ordinal);
        Dictionary<string, string> pathOfFile = new(StringComparer.Ordinal);
        foreach ((string tensor, JsonNode? node) in map)
        {
            if (node is not JsonValue value || !value.TryGetValue(out string? file))
                throw new CheckpointException($"{path}: weight_map entry '{tensor}' is not a file name. Download the file again.");
            if (!file.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new CheckpointException(
                    $"{path}: weight_map entry '{tensor}' names '{file}', expected a .safetensors file." +
                    (PickledWeights.IsOne(file) ? $" It {PickledWeights.HowToConvert}" : ""));
            if (!pathOfFile.TryGetValue(file, out string? fullPath))
                pathOfFile.Add(file, fullPath = folder.Resolve(file, $"{path}, weight_map entry '{tensor}',"));
            pathOfTensor.Add(tensor, fullPath);
        }
        return pathOfTensor;
    }
}
