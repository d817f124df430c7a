namespace E3Scale.TestSupport;

/// <summary>Small models with values of published reference code: those known here, and any others that lie beside them.</summary>
internal static class GoldenModels
{
    private static readonly string[] s_known =
    [
        "deepseek_qlora_yarn", "deepseek_noqlora_plainrope", "deepseek_fp8", "deepseek_sharded_mtp", "llama2_mha", "llama2_gqa", "mixtral",
        "pangu_sandwich", "qwen25_tied", "qwen25_untied", "qwen3_tied", "qwen3_untied", "qwen3moe", "qwen3moe_mixed",
    ];

    /// <summary>Folders below the reference data's golden.</summary>
    public static TheoryData<string> All => [.. s_known.Union(FoundFolders())];

    private static IEnumerable<string> FoundFolders()
    {
        string root = Path.Combine(Path.GetDirectoryName(SharedData.RepositoryRoot)!, "shared", "golden");
        return Directory.Exists(root)
            ? Directory.EnumerateFiles(root, "golden.safetensors", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file))!)
            : [];
    }
}
