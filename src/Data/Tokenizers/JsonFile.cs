using System.Text.Json;
using E3Scale.Files;

namespace E3Scale.Data.Tokenizers;

/// <summary>Opens the JSON files of a tokenizer, with errors that name the file.</summary>
internal static class JsonFile
{
    private const int MaxDepth = 64;

    /// <summary>Parses a file; the caller disposes the document.</summary>
    public static JsonDocument Open(string path)
    {
        byte[] bytes = TokenizerFile.Read(path);
        try
        {
            if (JsonText.FindProblem(bytes, MaxDepth) is { } problem)
                throw new TokenizerException($"{path}: {problem}");
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Parses a file, or returns null when there is none.</summary>
    public static JsonDocument? OpenIfPresent(string path) => File.Exists(path) ? Open(path) : null;
}
