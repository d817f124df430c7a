using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using E3Scale.Launcher.Studies;
using E3Scale.Sharding.Planning;

namespace E3Scale.Launcher.Recipes;

/// <summary>Names and rules of recipe fields, from the section records: MaxNewTokens is max_new_tokens.</summary>
internal static partial class RecipeSchema
{
    private static readonly string?[] SectionNamespaces = [typeof(Recipe).Namespace, typeof(ClusterSpec).Namespace, typeof(Study).Namespace];

    /// <summary>The fields of a section by their names in a recipe, in the order of the record.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> FieldsOf(Type section) => section
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite && !property.IsDefined(typeof(RecipeIgnoreAttribute)))
        .ToDictionary(property => Separate(property.Name, '_'));

    /// <summary>Whether a type is a section of its own.</summary>
    public static bool IsSection(Type type) => type.IsClass && SectionNamespaces.Contains(type.Namespace);

    /// <summary>What a field takes, in words for messages.</summary>
    public static string Expected(PropertyInfo field)
    {
        if (field.GetCustomAttribute<BetaPairAttribute>() is { } betas)
            return betas.FormatErrorMessage("");
        if (field.GetCustomAttribute<ByteSizeAttribute>() is { } size)
            return size.FormatErrorMessage("");
        Type type = Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType;
        if (type.IsGenericType)
            return $"a list, each item {ExpectedScalar(type.GetGenericArguments()[0])}";
        return ExpectedScalar(type) + ExpectedRange(field);
    }

    private static string ExpectedScalar(Type type)
    {
        if (type.IsEnum)
            return $"one of {string.Join(", ", EnumNames.ValuesOf(type).Keys)}";
        if (type == typeof(int) || type == typeof(long))
            return "a whole number";
        if (type == typeof(double))
            return "a number";
        if (type == typeof(bool))
            return "true or false";
        return type == typeof(string) ? "text" : "a section";
    }

    private static string ExpectedRange(PropertyInfo field)
    {
        if (field.GetCustomAttribute<RangeAttribute>() is not { } range)
            return "";
        string low = $"{(range.MinimumIsExclusive ? "above" : "at least")} {range.Minimum}";
        bool open = range.Maximum is double and >= long.MaxValue;
        return open ? $" {low}" : $" {low} and {(range.MaximumIsExclusive ? "below" : "at most")} {range.Maximum}";
    }

    /// <summary>AbcDef as abc, separator, def.</summary>
    public static string Separate(string pascalCase, char separator) =>
        WordStart().Replace(pascalCase, $"{separator}$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
