using System.Text.Json;

namespace E3Scale.MoE;

/// <summary>Typed, range-checked fields of a config.json. A field that is null counts as missing, as in Hugging Face's own code.</summary>
internal sealed class ConfigReader
{
    /// <summary>Bound on widths, counts and token ids; far above any model, low enough that products of three stay in 63 bits.</summary>
    public const int MaxSize = 1 << 20;

    /// <summary>Bound on layers and on routed experts.</summary>
    public const int MaxCount = 1 << 14;

    /// <summary>Bound on the vocabulary and on the context length.</summary>
    public const int MaxTokens = 1 << 28;

    private readonly JsonElement _object;
    private readonly string _prefix;

    /// <summary>Wraps an object.</summary>
    /// <param name="json">Must be a JSON object.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="prefix">Path of the object inside the file, ending in a dot; empty for the root.</param>
    public ConfigReader(JsonElement json, string path, string prefix = "")
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{path}: {(prefix.Length == 0 ? "the config" : prefix.TrimEnd('.'))} is not a JSON object.");
        _object = json;
        Path = path;
        _prefix = prefix;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>Whether a field is there, null or not.</summary>
    public bool Mentions(string field) => _object.TryGetProperty(field, out _);

    /// <summary>An integer that must be there.</summary>
    public int Int(string field, int min, int max) => OptionalInt(field, min, max) ?? throw Missing(field);

    /// <summary>An integer with a default.</summary>
    public int Int(string field, int min, int max, int defaultValue) => OptionalInt(field, min, max) ?? defaultValue;

    /// <summary>An integer, or null when missing.</summary>
    public int? OptionalInt(string field, int min, int max)
    {
        if (Find(field) is not { } value)
            return null;
        return IntOf(value, field, min, max);
    }

    /// <summary>The field's integer, or the first of its list; null when missing or an empty list.</summary>
    public int? FirstInt(string field, int min, int max)
    {
        if (Find(field) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            return IntOf(value, field, min, max);
        int? first = null;
        foreach (JsonElement item in value.EnumerateArray())
        {
            int number = IntOf(item, field, min, max);
            first ??= number;
        }
        return first;
    }

    /// <summary>A list of integers of a given length, or null when missing.</summary>
    public int[]? Ints(string field, int count, int min, int max)
    {
        if (Find(field) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != count)
            throw Wrong(field, value, $"a list of {count} integers");
        return [.. value.EnumerateArray().Select(item => IntOf(item, field, min, max))];
    }

    /// <summary>A list of at most so many integers, or null when missing.</summary>
    public int[]? IntsUpTo(string field, int maxCount, int min, int max) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() <= maxCount =>
            [.. value.EnumerateArray().Select(item => IntOf(item, field, min, max))],
        { } other => throw Wrong(field, other, $"a list of at most {maxCount} integers"),
    };

    /// <summary>A list of strings, or null when missing.</summary>
    public string[]? Texts(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(item => item.GetString()!)],
        { } other => throw Wrong(field, other, "a list of strings"),
    };

    /// <summary>A finite number that must be there.</summary>
    public double Number(string field, double min, double max) => OptionalNumber(field, min, max) ?? throw Missing(field);

    /// <summary>A finite number with a default.</summary>
    public double Number(string field, double min, double max, double defaultValue) => OptionalNumber(field, min, max) ?? defaultValue;

    /// <summary>A boolean with a default.</summary>
    public bool Flag(string field, bool defaultValue) => Find(field) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(field, other, "true or false"),
    };

    /// <summary>A string, or null when missing.</summary>
    public string? Text(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } other => throw Wrong(field, other, "a string"),
    };

    /// <summary>A string that must be one of a few; the first is the default.</summary>
    public string Choice(string field, params string[] allowed)
    {
        string value = Text(field) ?? allowed[0];
        return allowed.Contains(value)
            ? value
            : throw Invalid(field, $"'{value}', which is not supported; supported: {string.Join(", ", allowed)}");
    }

    /// <summary>A nested object, or null when missing.</summary>
    public ConfigReader? Object(string field) =>
        Find(field) is { } value ? new ConfigReader(value, Path, $"{_prefix}{field}.") : null;

    /// <summary>An error about a field's value.</summary>
    /// <param name="field">Its name.</param>
    /// <param name="what">What was found and expected, after "field is".</param>
    public CheckpointException Invalid(string field, string what) => new($"{Path}: {_prefix}{field} is {what}.");

    private double? OptionalNumber(string field, double min, double max)
    {
        if (Find(field) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !double.IsFinite(number))
            throw Wrong(field, value, "a finite number");
        return number >= min && number <= max ? number : throw Invalid(field, $"{number}, expected {min} to {max}");
    }

    private int IntOf(JsonElement value, string field, int min, int max)
    {
        // Some writers put integers as 4096.0.
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || number != Math.Floor(number))
            throw Wrong(field, value, "an integer");
        return number >= min && number <= max ? (int)number : throw Invalid(field, $"{number}, expected {min} to {max}");
    }

    private JsonElement? Find(string field) =>
        _object.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private CheckpointException Missing(string field) =>
        new($"{Path}: {_prefix}{field} is missing. Is this the config.json of the model?");

    private CheckpointException Wrong(string field, JsonElement found, string expected)
    {
        string text = found.GetRawText();
        return Invalid(field, $"{(text.Length > 60 ? text[..60] + "..." : text)}, expected {expected}");
    }
}
