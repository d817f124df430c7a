namespace E3Scale.MoE;

/// <summary>PyTorch's pickled weights: recognised by their names alone, never opened.</summary>
public static class PickledWeights
{
    /// <summary>What a message says after the name of such a file.</summary>
    public const string HowToConvert =
        "holds weights in PyTorch's pickled form, which can run code when it is read and so never is: load the model with transformers and " +
        "call save_pretrained(folder, safe_serialization=True) to convert it.";

    private static readonly string[] s_endings = [".bin", ".pt", ".pth", ".ckpt", ".bin.index.json"];

    /// <summary>Whether a file's name is that of pickled weights, or of their index.</summary>
    /// <param name="fileName">Name, or path.</param>
    public static bool IsOne(string fileName) => s_endings.Any(ending => fileName.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>Name of such a file in a folder, the first in ordinal order; null when there is none.</summary>
    /// <param name="folder">The folder.</param>
    public static string? FindIn(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Where(IsOne).Order(StringComparer.Ordinal).FirstOrDefault();
}
