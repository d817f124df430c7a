using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Files;

namespace E3Scale.MoE;

/// <summary>JSON files of a model folder: read with bounds, since they come from outside; written as Hugging Face writes them.</summary>
internal static class CheckpointJson
{
    private const int MaxDepth = 32;

    private static readonly JsonSerializerOptions WriteOptions = new()
    {
        WriteIndented = true,
        // Model files hold special tokens with angle brackets; escapes would only make them hard to read.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a file that must hold one JSON object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Largest size accepted.</param>
    /// <returns>The bytes as they stand in the file, and the object.</returns>
    public static (byte[] Bytes, JsonObject Root) ReadObject(string path, int maxBytes)
    {
        byte[] bytes = ReadBounded(path, maxBytes);
        return (bytes, Parse(bytes, path));
    }

    /// <summary>Parses bytes that must be one JSON object without duplicate keys.</summary>
    /// <param name="bytes">UTF-8.</param>
    /// <param name="place">File (and part of it) for messages.</param>
    public static JsonObject Parse(ReadOnlySpan<byte> bytes, string place)
    {
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        try
        {
            if (JsonText.FindProblem(bytes, MaxDepth) is { } problem)
                throw new CheckpointException($"{place}: {problem}. The file is damaged; download it again.");
            JsonNode? root = JsonNode.Parse(bytes, null, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            return root as JsonObject
                ?? throw new CheckpointException(
                    $"{place}: found JSON that is not an object; expected an object, {{...}}. Download the file again.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(
                $"{place}: not valid JSON ({e.Message}). The file is damaged or truncated; download it again.", e);
        }
    }

    /// <summary>Writes an object with an indent of two spaces and a final newline, and waits until it is on disk.</summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="root">The object.</param>
    public static void Write(string path, JsonObject root)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write);
        JsonSerializer.Serialize(stream, root, WriteOptions);
        stream.WriteByte((byte)'\n');
        stream.Flush(flushToDisk: true);
    }

    private static byte[] ReadBounded(string path, int maxBytes)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > maxBytes)
                throw new CheckpointException(
                    $"{path}: {stream.Length} bytes, expected at most {maxBytes}. This is not the file its name says.");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"{path}: cannot be read ({e.Message}). A model folder in Hugging Face's form is expected here.", e);
        }
    }
}
