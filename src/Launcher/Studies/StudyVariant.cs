using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Studies;

/// <summary>A column or an arm of a study.</summary>
public sealed record StudyVariant
{
    /// <summary>Its name in tables.</summary>
    [Required]
    public string Name { get; init; } = "";

    /// <summary>Changes of the recipe, as <c>--set</c> takes them.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <summary>Of a column: recipe of the paper's model, for <c>--scale full</c>; null for a column without one.</summary>
    public string? FullScale { get; init; }
}
