using System.Collections;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace E3Scale.Launcher.Recipes;

/// <summary>Writes a recipe or a section as YAML with every field: what the run folder keeps and input hashes are made of.</summary>
public static class RecipeWriter
{
    /// <summary>The YAML of a recipe or section; <see cref="RecipeLoader"/> reads it back to the same values.</summary>
    /// <param name="section">A recipe or one of its sections.</param>
    /// <param name="without">Fields that are left out; null (default) for none.</param>
    public static string ToYaml(object section, IReadOnlyCollection<string>? without = null)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var node = ToNode(section);
        foreach (string field in without ?? [])
            ((YamlMappingNode)node).Children.Remove(field);
        new YamlStream(new YamlDocument(node)).Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...", "", StringComparison.Ordinal);
    }

    private static YamlNode ToNode(object? value) => value switch
    {
        null => new YamlScalarNode("null"),
        string text => new YamlScalarNode(text) { Style = ScalarStyle.DoubleQuoted },
        double number => new YamlScalarNode(number.ToString("R", CultureInfo.InvariantCulture)),
        bool flag => new YamlScalarNode(flag ? "true" : "false"),
        int or long => new YamlScalarNode(Convert.ToString(value, CultureInfo.InvariantCulture)),
        Enum choice => new YamlScalarNode(EnumNames.Of(choice)),
        IEnumerable list => new YamlSequenceNode(list.Cast<object?>().Select(ToNode)),
        _ when RecipeSchema.FieldsOf(value.GetType()) is { Count: > 0 } fields => new YamlMappingNode(fields.Select(field =>
            KeyValuePair.Create<YamlNode, YamlNode>(new YamlScalarNode(field.Key), ToNode(field.Value.GetValue(value))))),
        _ => throw new ArgumentException($"{value.GetType()} has no field that a recipe could set, so that nothing of it would be written"),
    };
}
