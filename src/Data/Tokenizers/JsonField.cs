using System.Text.Json;

namespace E3Scale.Data.Tokenizers;

/// <summary>A value inside a JSON file that knows its own place, so that every complaint can name it.</summary>
internal readonly struct JsonField
{
    private readonly JsonElement _element;

    private JsonField(string file, string path, JsonElement element)
    {
        File = file;
        Path = path;
        _element = element;
    }

    public string File { get; }

    /// <summary>Where the value stands, such as <c>model.merges[3]</c>.</summary>
    public string Path { get; }

    /// <summary>Whether the value is absent or null.</summary>
    public bool IsMissing => _element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    public bool IsString => _element.ValueKind == JsonValueKind.String;

    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    public bool IsList => _element.ValueKind == JsonValueKind.Array;

    public static JsonField Root(string file, JsonDocument document)
    {
        var root = new JsonField(file, "", document.RootElement);
        root.Expect(JsonValueKind.Object, "an object");
        return root;
    }

    public JsonField Get(string name)
    {
        Expect(JsonValueKind.Object, "an object");
        string path = Path.Length == 0 ? name : $"{Path}.{name}";
        return new JsonField(File, path, _element.TryGetProperty(name, out var value) ? value : default);
    }

    public IEnumerable<JsonField> Items()
    {
        Expect(JsonValueKind.Array, "an array");
        int index = 0;
        foreach (var item in _element.EnumerateArray())
            yield return new JsonField(File, $"{Path}[{index++}]", item);
    }

    public IEnumerable<(string Name, JsonField Value)> Properties()
    {
        Expect(JsonValueKind.Object, "an object");
        foreach (var property in _element.EnumerateObject())
            yield return (property.Name, new JsonField(File, $"{Path}.{property.Name}", property.Value));
    }

    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        return _element.GetString()!;
    }

    /// <summary>The value as the file spells it.</summary>
    public string RawText() => _element.GetRawText();

    public string Text(string fallback) => IsMissing ? fallback : Text();

    public bool Flag(bool fallback) => _element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => fallback,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected("true or false"),
    };

    public int Integer(int min, int max)
    {
        if (_element.ValueKind != JsonValueKind.Number || !_element.TryGetInt32(out int value) || value < min || value > max)
            throw Unexpected($"an integer in {min}..{max}");
        return value;
    }

    /// <summary>The exception for a value that is not what belongs here.</summary>
    public TokenizerException Unexpected(string expected)
    {
        string found = _element.ValueKind == JsonValueKind.Undefined ? "nothing" : Shorten(_element.GetRawText());
        return new TokenizerException($"{File}: {(Path.Length == 0 ? "the file" : Path)} is {found}, expected {expected}");
    }

    private void Expect(JsonValueKind kind, string expected)
    {
        if (_element.ValueKind != kind)
            throw Unexpected(expected);
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";
}
