namespace E3Scale.MoE;

/// <summary>What files a model folder has and which tensors, compared with what its config implies. Made from headers; no weight is read.</summary>
public sealed record CheckpointInventory
{
    /// <summary>Files that hold tensors.</summary>
    public required int FileCount { get; init; }

    /// <summary>Bytes of these files.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Tensors, elements and bytes by the format's name of the stored type.</summary>
    public required IReadOnlyDictionary<string, StoredAmount> ByType { get; init; }

    /// <summary>Tensors, elements and bytes by role.</summary>
    public required IReadOnlyDictionary<TensorRole, StoredAmount> ByRole { get; init; }

    /// <summary>Rows and columns of a block of FP8 weights; null when no weight is in FP8.</summary>
    public required IReadOnlyList<int>? Fp8Blocks { get; init; }

    /// <summary>Tensors that the config implies and the folder lacks.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Tensors that no part of the model has, and that loading ignores.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }

    /// <summary>Tensors of another shape than the config implies, with both shapes in words.</summary>
    public required IReadOnlyList<string> Misshapen { get; init; }

    /// <summary>Whether the model can be loaded.</summary>
    public bool IsComplete => Missing.Count == 0 && Misshapen.Count == 0;

    /// <summary>Whether a folder has weights in a form that is read.</summary>
    /// <param name="folder">The folder.</param>
    public static bool HasWeights(string folder) =>
        File.Exists(Path.Combine(folder, ModelFolder.IndexFile)) || File.Exists(Path.Combine(folder, ModelFolder.WeightsFile));

    /// <summary>Reads the index and the header of every file.</summary>
    /// <param name="model">The model that the folder should hold.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged.</exception>
    public static CheckpointInventory Read(ArchitectureConfig model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        DecoderWeights.RequirePlausibleCount(model.Config, model.Path);
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder);
        List<(SafetensorsFile File, TensorEntry Entry)> tensors = [.. checkpoint.AllTensorNames.Select(checkpoint.Locate)];
        IDecoderWeightNames names = model.Family.Names;
        TensorRole RoleOf(TensorEntry entry) => TensorRoles.Of(names, model.Config.LayerCount, entry.Name);
        bool hasFp8 = tensors.Any(tensor => tensor.Entry.Type.IsFp8());
        ExpectedTensors expected = new(model, checkpoint);
        return new CheckpointInventory
        {
            FileCount = tensors.Select(tensor => tensor.File.Path).Distinct(StringComparer.Ordinal).Count(),
            FileBytes = tensors.Select(tensor => tensor.File.Path).Distinct(StringComparer.Ordinal).Sum(path => new FileInfo(path).Length),
            ByType = Amounts(tensors, entry => entry.Type.ToString()),
            ByRole = Amounts(tensors, RoleOf),
            Fp8Blocks = hasFp8 ? [checkpoint.Quantization.BlockRows, checkpoint.Quantization.BlockColumns] : null,
            Missing = [.. expected.Missing],
            Unknown = [.. tensors.Select(tensor => tensor.Entry.Name).Where(name => !expected.Knows(name)).Order(StringComparer.Ordinal)],
            Misshapen = [.. expected.Misshapen],
        };
    }

    private static SortedDictionary<TKey, StoredAmount> Amounts<TKey>(IEnumerable<(SafetensorsFile, TensorEntry Entry)> tensors, Func<TensorEntry, TKey> key)
        where TKey : notnull =>
        new(tensors.GroupBy(tensor => key(tensor.Entry), tensor => tensor.Entry).ToDictionary(group => group.Key, group => new StoredAmount(
            group.Count(), group.Sum(entry => entry.ByteCount / entry.Type.ByteSize()), group.Sum(entry => entry.ByteCount))));
}
