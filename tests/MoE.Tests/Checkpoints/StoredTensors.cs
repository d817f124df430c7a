using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>All tensors of a folder as type, shape and bytes, read file by file without the product's reader of folders.</summary>
internal static class StoredTensors
{
    /// <summary>Folders of models that an export can start from: the reference models and the one that ships.</summary>
    public static TheoryData<string> Folders =>
    [
        "deepseek_qlora_yarn", "deepseek_noqlora_plainrope", "deepseek_fp8", "deepseek_sharded_mtp", "llama2_mha", "llama2_gqa", "mixtral",
        "pangu_sandwich", "qwen25_tied", "qwen25_untied", "qwen3_tied", "qwen3_untied", "qwen3moe", "qwen3moe_mixed", "tiny-r1",
    ];

    /// <summary>Path of one of <see cref="Folders"/>.</summary>
    public static string PathOf(string folder) =>
        folder == "tiny-r1" ? Path.Combine(SharedData.RepositoryRoot, "models", folder) : SharedData.Require("golden", folder);

    /// <summary>Reads the files whose names begin with "model".</summary>
    public static SortedDictionary<string, StoredTensor> Read(string folder)
    {
        SortedDictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(folder, "model*.safetensors"))
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            foreach (TensorEntry entry in file.Entries)
            {
                byte[] bytes = new byte[entry.ByteCount];
                file.Read(entry, 0, bytes);
                tensors.Add(entry.Name, new StoredTensor(entry.Type, entry.ShapeText, bytes));
            }
        }
        return tensors;
    }

    /// <summary>Exports a folder as <c>e3scale export --model</c> does, with so many ranks.</summary>
    public static CheckpointExporter Export(ExportOptions options, int ranks = 1)
    {
        CheckpointExporter exporter = new(options);
        exporter.Prepare();
        for (int rank = 0; rank < ranks; rank++)
            exporter.WriteShards(rank, exporter.SourceTensors(rank, ranks));
        exporter.Finish();
        return exporter;
    }

    /// <summary>Options for all layers of a model.</summary>
    public static ExportOptions AllLayers(string folder, string target, WeightFormat format) => new()
    {
        SourceFolder = folder,
        TargetFolder = target,
        KeptLayers = [.. Enumerable.Range(0, ArchitectureConfig.Read(folder).Config.LayerCount)],
        Method = "none",
        Weights = format,
    };
}
