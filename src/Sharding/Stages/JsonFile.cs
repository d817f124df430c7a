using System.Text;
using System.Text.Json;

namespace E3Scale.Sharding;

/// <summary>Small result files: written whole or not at all, read with the file's name in every error.</summary>
public static class JsonFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes beside the place, flushes, renames.</summary>
    /// <param name="path">Where to; folders are made.</param>
    /// <param name="value">What.</param>
    public static void Write<T>(string path, T value)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        WriteWhole(path, stream => JsonSerializer.Serialize(stream, value, Indented));
    }

    /// <summary>Writes a text file beside its place, flushes, renames.</summary>
    /// <param name="path">Where to; the folder must be there.</param>
    /// <param name="text">What; UTF-8 without a mark in front.</param>
    public static void WriteText(string path, string text) => WriteWhole(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Reads a result of an earlier stage.</summary>
    /// <param name="path">Which file.</param>
    /// <param name="stage">The stage that writes it, for the message.</param>
    /// <exception cref="StageInputException">The file is missing or does not hold what it should.</exception>
    public static T Read<T>(string path, string stage)
    {
        if (!File.Exists(path))
            throw new StageInputException($"{path}: not found. Run the {stage} stage first.");
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream) ?? throw new JsonException("the file holds null");
        }
        catch (JsonException error)
        {
            throw new StageInputException($"{path}: not a result of the {stage} stage ({error.Message}). Delete it and run that stage again.");
        }
    }

    private static void WriteWhole(string path, Action<Stream> write)
    {
        string aside = path + ".tmp";
        try
        {
            using (var stream = new FileStream(aside, FileMode.Create))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
