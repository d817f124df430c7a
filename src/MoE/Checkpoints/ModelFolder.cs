using E3Scale.Files;

namespace E3Scale.MoE;

/// <summary>A Hugging Face model folder: finds files in it and refuses those that lie elsewhere.</summary>
/// <remarks>Which symbolic links may be followed is said in <see cref="RealPath"/>.</remarks>
internal sealed class ModelFolder
{
    public const string ConfigFile = "config.json";
    public const string WeightsFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";

    /// <summary>Wraps a folder that must exist.</summary>
    /// <param name="path">The folder.</param>
    public ModelFolder(string path)
    {
        if (!Directory.Exists(path))
            throw new CheckpointException(
                $"{path}: no such folder; expected a Hugging Face model folder with {ConfigFile} and safetensors.");
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
    }

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Whether a file is there.</summary>
    /// <param name="fileName">Name without folder.</param>
    public bool Has(string fileName) => File.Exists(System.IO.Path.Combine(Path, fileName));

    /// <summary>Path of a file that must be there.</summary>
    /// <param name="fileName">Name without folder.</param>
    /// <param name="namedBy">What named the file, for messages.</param>
    /// <exception cref="CheckpointException">The name leaves the folder, or there is no such file.</exception>
    public string Resolve(string fileName, string namedBy)
    {
        if (fileName.Length == 0 || fileName is "." or ".." || fileName.AsSpan().IndexOfAny("/\\:\0") >= 0)
            throw new CheckpointException(
                $"{namedBy} names the file '{fileName}'; expected the name of a file in {Path}, without any folder.");
        string path = System.IO.Path.Combine(Path, fileName);
        if (!File.Exists(path))
            throw new CheckpointException($"{path}: no such file, but {namedBy} names it. Download the rest of the model.");
        CheckFile(path);
        return path;
    }

    private void CheckFile(string path)
    {
        try
        {
            string real = RealPath.Of(path);
            if (!RealPath.BelongsTo(real, Path))
                throw new CheckpointException(
                    $"{path}: a link to {real}, outside the model's folder. Copy the file in its place if you trust it.");
            // Pipes and devices have no length either, and to open one may wait for ever.
            if (new FileInfo(real).Length == 0)
                throw new CheckpointException($"{path}: empty, or not a regular file. Download it again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be found ({e.Message}). Check that the model folder is complete.", e);
        }
    }
}
