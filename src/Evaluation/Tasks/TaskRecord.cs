using System.Text.Json;

namespace E3Scale.Evaluation.Tasks;

/// <summary>One item of a benchmark file. Whatever is missing or of another type is an error that names file, line and field.</summary>
public sealed class TaskRecord
{
    private readonly JsonElement _fields;
    private readonly string _place;

    internal TaskRecord(JsonElement fields, string place)
    {
        (_fields, _place) = (fields, place);
    }

    /// <summary>Whether the item has a field.</summary>
    /// <param name="field">Its name.</param>
    public bool Has(string field) => _fields.TryGetProperty(field, out _);

    /// <summary>A text; numbers are taken as they are written.</summary>
    /// <param name="field">Its name.</param>
    /// <exception cref="TaskException">There is none.</exception>
    public string Text(string field)
    {
        JsonElement value = Get(field);
        return value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(value, field);
    }

    /// <summary>A list of texts with at least one entry.</summary>
    /// <param name="field">Its name.</param>
    /// <exception cref="TaskException">There is none.</exception>
    public IReadOnlyList<string> Texts(string field)
    {
        JsonElement value = Get(field);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw Error(field, $"is {Describe(value)}, expected a list of texts");
        return [.. value.EnumerateArray().Select(entry => Text(entry, field))];
    }

    /// <summary>A place in a list; also where it is written as a text, as some sources do.</summary>
    /// <param name="field">Its name.</param>
    /// <param name="count">Length of the list.</param>
    /// <exception cref="TaskException">It is no integer of 0..<paramref name="count"/>-1.</exception>
    public int Index(string field, int count) =>
        int.TryParse(Text(field), out int index) && index >= 0 && index < count
            ? index
            : throw Error(field, $"is {Text(field)}, expected an integer from 0 to {count - 1}");

    /// <summary>A nested object.</summary>
    /// <param name="field">Its name.</param>
    /// <exception cref="TaskException">There is none.</exception>
    public TaskRecord Nested(string field)
    {
        JsonElement value = Get(field);
        return value.ValueKind == JsonValueKind.Object ? new TaskRecord(value, $"{_place}, {field}") : throw Error(field, $"is {Describe(value)}, expected an object");
    }

    /// <summary>An error of this item.</summary>
    /// <param name="field">The field that is wrong.</param>
    /// <param name="problem">What is wrong with it.</param>
    public TaskException Error(string field, string problem) => new($"{_place}: field '{field}' {problem}.");

    private JsonElement Get(string field) => _fields.TryGetProperty(field, out JsonElement value)
        ? value
        : throw Error(field, $"is missing; the item has {string.Join(", ", _fields.EnumerateObject().Select(property => property.Name))}");

    private string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw Error(field, $"is {Describe(value)}, expected a text");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error(field, "holds half of a surrogate pair");
        }
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        _ => "a " + value.ValueKind.ToString().ToLowerInvariant(),
    };
}
