using System.Security.Cryptography;
using System.Text;
using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Runs;

/// <summary>Hashes what a stage depends on: recipe fields, files, stages before it. Names go in with values.</summary>
public sealed class InputHasher
{
    // Checkpoints of hundreds of gigabytes cannot be read at every start. Of large files the two ends count: a safetensors
    // header holds every name, type and offset, and the end holds weights.
    private const long WholeFileBytes = 64L << 20;
    private const int EndBytes = 1 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Starts the hash of a stage.</summary>
    /// <param name="stage">Name of the stage.</param>
    /// <param name="version">Version of the stage's output; raise it when the stage's code changes what it writes.</param>
    public InputHasher(string stage, int version) => AddText(stage, version.ToString());

    /// <summary>Adds a value: a section, a list, a number, text.</summary>
    /// <param name="name">What the value is.</param>
    /// <param name="value">The value, as a recipe would write it.</param>
    /// <param name="without">Fields of it that the stage does not depend on.</param>
    public InputHasher Add(string name, object value, params IReadOnlyCollection<string> without) =>
        AddText(name, RecipeWriter.ToYaml(value, without));

    /// <summary>Adds a stage that must be done before.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="folderName">Folder of the other stage.</param>
    /// <exception cref="RunFolderException">The other stage is not done.</exception>
    public InputHasher AddUpstream(RunFolder folder, string folderName)
    {
        DoneMarker marker = folder.ReadMarker(folderName)
            ?? throw new RunFolderException($"{folder.StageFolder(folderName)}: the stage is not done, but another needs its output.");
        return AddText(folderName, marker.InputHash);
    }

    /// <summary>Adds the content of a file, or of all files of a folder in the order of their names.</summary>
    /// <param name="path">Absolute path of the file or folder.</param>
    /// <exception cref="RunFolderException">Nothing is there.</exception>
    public InputHasher AddFiles(string path)
    {
        if (File.Exists(path))
            return AddFile(Path.GetFileName(path), path);
        if (!Directory.Exists(path))
            throw new RunFolderException($"{path}: neither a file nor a folder. Correct the path in the recipe.");
        foreach (string file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            AddFile(Path.GetRelativePath(path, file), file);
        return this;
    }

    /// <summary>The hash of everything added, 64 hexadecimal digits; starts over.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    private InputHasher AddFile(string name, string path)
    {
        using FileStream stream = File.OpenRead(path);
        AddText(name, stream.Length.ToString());
        if (stream.Length <= WholeFileBytes)
        {
            AppendBytes(stream, stream.Length);
            return this;
        }
        AppendBytes(stream, EndBytes);
        stream.Seek(-EndBytes, SeekOrigin.End);
        AppendBytes(stream, EndBytes);
        return this;
    }

    private void AppendBytes(Stream stream, long count)
    {
        byte[] buffer = new byte[1 << 16];
        while (count > 0 && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, count)) is > 0 and int read)
        {
            _hash.AppendData(buffer, 0, read);
            count -= read;
        }
    }

    // Lengths in front, so that no two lists of parts hash alike because they join to the same text.
    private InputHasher AddText(params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            _hash.AppendData(BitConverter.GetBytes(bytes.Length));
            _hash.AppendData(bytes);
        }
        return this;
    }
}
