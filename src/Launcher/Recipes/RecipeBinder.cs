using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace E3Scale.Launcher.Recipes;

/// <summary>Turns the YAML tree of a recipe, or of a cluster file, into its records, and knows where each field was written.</summary>
/// <param name="file">Name of the file, for messages.</param>
/// <param name="what">What it is, for messages.</param>
internal sealed class RecipeBinder(string file, string what = "recipe")
{
    // By reference: YAML nodes compare by content, and the same value may stand in many places.
    private readonly Dictionary<YamlNode, string> _places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, YamlNode> _nodes = [];

    /// <summary>Says that a node does not come from the file.</summary>
    public void SetPlace(YamlNode node, string place) => _places[node] = place;

    /// <summary>An error at a field, or, where the recipe leaves it out, at another that takes part, or at its section.</summary>
    /// <param name="field">Full name such as search.temperature.</param>
    /// <param name="message">What was found and what is allowed.</param>
    /// <param name="others">Full names of the fields that it contradicts.</param>
    public RecipeException Error(string field, string message, params ReadOnlySpan<string> others)
    {
        string nearest = field;
        foreach (string other in others)
            nearest = _nodes.ContainsKey(nearest) ? nearest : other;
        while (!_nodes.ContainsKey(nearest) && nearest.Length > 0)
            nearest = nearest[..Math.Max(0, nearest.LastIndexOf('.'))];
        return ErrorAt(_nodes.GetValueOrDefault(nearest), $"{field}: {message}");
    }

    /// <summary>Makes one record from a mapping; fields that the mapping lacks keep their defaults.</summary>
    /// <param name="node">The mapping.</param>
    /// <param name="type">The record's type.</param>
    /// <param name="path">Full name of the section; empty for the recipe itself.</param>
    /// <exception cref="RecipeException">An unknown key, a wrong type, a value out of range, a missing field.</exception>
    public object BindSection(YamlNode node, Type type, string path)
    {
        _nodes[path] = node;
        if (node is not YamlMappingNode mapping)
            throw ErrorAt(node, $"{path}: expected a section of 'key: value' lines, found {Describe(node)}.");

        IReadOnlyDictionary<string, PropertyInfo> fields = RecipeSchema.FieldsOf(type);
        object section = Activator.CreateInstance(type)!;
        foreach (var (keyNode, valueNode) in mapping.Children)
        {
            string key = (keyNode as YamlScalarNode)?.Value ?? "";
            if (!fields.TryGetValue(key, out PropertyInfo? field))
                throw ErrorAt(keyNode, UnknownKey(path, key, fields.Keys));
            string name = path.Length == 0 ? key : $"{path}.{key}";
            _nodes[name] = valueNode;
            field.SetValue(section, BindField(valueNode, field, name));
        }

        foreach (var (key, field) in fields)
            if (field.IsDefined(typeof(RequiredAttribute)) && !mapping.Children.ContainsKey(key))
                throw ErrorAt(node, $"{(path.Length == 0 ? $"the {what}" : path)} lacks the field {key}.");
        return section;
    }

    private object? BindField(YamlNode node, PropertyInfo field, string name)
    {
        bool optional = new NullabilityInfoContext().Create(field).WriteState == NullabilityState.Nullable;
        if (IsNull(node))
            return optional ? null : throw ErrorAt(node, $"{name}: no value; expected {RecipeSchema.Expected(field)}.");

        object value = BindValue(node, Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType, field, name);
        foreach (ValidationAttribute rule in field.GetCustomAttributes<ValidationAttribute>())
            if (rule is not RequiredAttribute && !rule.IsValid(value))
                throw ErrorAt(node, $"{name}: {Describe(node)} is not allowed; expected {RecipeSchema.Expected(field)}.");
        return value;
    }

    private object BindValue(YamlNode node, Type type, PropertyInfo field, string name)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return BindList(node, type.GetGenericArguments()[0], field, name);
        if (RecipeSchema.IsSection(type))
            return BindSection(node, type, name);
        return (node is YamlScalarNode { Value: { } text } ? ParseScalar(text, type) : null)
            ?? throw ErrorAt(node, $"{name}: found {Describe(node)}, expected {RecipeSchema.Expected(field)}.");
    }

    private Array BindList(YamlNode node, Type elementType, PropertyInfo field, string name)
    {
        if (node is not YamlSequenceNode sequence)
            throw ErrorAt(node, $"{name}: found {Describe(node)}, expected {RecipeSchema.Expected(field)}.");
        var list = Array.CreateInstance(elementType, sequence.Children.Count);
        for (int i = 0; i < list.Length; i++)
            list.SetValue(BindValue(sequence.Children[i], elementType, field, $"{name}[{i}]"), i);
        return list;
    }

    private static object? ParseScalar(string text, Type type)
    {
        if (type == typeof(string))
            return text;
        if (type == typeof(int))
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;
        if (type == typeof(long))
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
        if (type == typeof(double))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? number
                : null;
        if (type == typeof(bool))
            return text switch { "true" => true, "false" => false, _ => null };
        return EnumNames.ValuesOf(type).GetValueOrDefault(text);
    }

    private string UnknownKey(string path, string key, IEnumerable<string> known)
    {
        string nearest = known.MinBy(candidate => EditDistance.Between(candidate, key))!;
        string hint = EditDistance.Between(nearest, key) <= Math.Max(2, key.Length / 3) ? $" Did you mean {nearest}?" : "";
        string section = path.Length == 0 ? $"a {what}" : path;
        return $"unknown key '{key}' in {section}.{hint} Allowed: {string.Join(", ", known)}.";
    }

    private RecipeException ErrorAt(YamlNode? node, string message)
    {
        string? place = node is null ? file : _places.GetValueOrDefault(node);
        return new RecipeException($"{place ?? $"{file}:{node!.Start.Line}:{node.Start.Column}"}: {message}");
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any, Value: null or "" or "~" or "null" };

    private static string Describe(YamlNode node) => node switch
    {
        YamlScalarNode scalar => $"'{scalar.Value}'",
        YamlSequenceNode sequence => $"a list of {sequence.Children.Count}",
        _ => "a section",
    };
}
