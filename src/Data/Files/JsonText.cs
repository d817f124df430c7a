using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace E3Scale.Files;

/// <summary>
/// Looks at all text of a JSON file at once: the parser looks at it only when it is asked for, and fails then with exceptions of other kinds.
/// Also compiled into E3Scale.MoE, which must not depend on this part.
/// </summary>
internal static class JsonText
{
    /// <summary>What is wrong with the text, or null.</summary>
    /// <param name="json">A whole file, without byte order mark.</param>
    /// <param name="maxDepth">Deepest nesting.</param>
    /// <exception cref="JsonException">It is not JSON, or nested deeper.</exception>
    public static string? FindProblem(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (!Utf8.IsValid(json))
            return "not UTF-8, which JSON must be";
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        int keyStart = 0, keyLength = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped)
                    _ = reader.GetString();
                if (reader.TokenType == JsonTokenType.PropertyName)
                    (keyStart, keyLength) = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            }
        }
        catch (InvalidOperationException)
        {
            string key = Encoding.UTF8.GetString(json.Slice(keyStart, keyLength));
            return $"the string at byte {reader.TokenStartIndex}, after the key '{key}', holds half of a surrogate pair";
        }
        return null;
    }
}
