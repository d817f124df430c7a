using System.Globalization;
using System.Text.RegularExpressions;

namespace E3Scale.Launcher.Studies;

/// <summary>One run of a study.</summary>
/// <param name="Column">Its column.</param>
/// <param name="Arm">Its arm.</param>
/// <param name="Seed">Its seed.</param>
public sealed partial record StudyCell(StudyVariant Column, StudyVariant Arm, long Seed)
{
    /// <summary>Name for people.</summary>
    public string Name => $"{Column.Name}, {Arm.Name}, seed {Seed}";

    /// <summary>Name for files and folders.</summary>
    public string Slug => string.Create(CultureInfo.InvariantCulture, $"{SlugOf(Column.Name)}-{SlugOf(Arm.Name)}-{Seed}");

    /// <summary>What this run changes of the study's recipe; what comes later wins.</summary>
    public IEnumerable<string> Changes(Study study) => [.. study.Set, .. Column.Set, .. Arm.Set, $"seed={Seed}"];

    private static string SlugOf(string name) => NotInNames().Replace(name.ToLowerInvariant(), "-").Trim('-');

    [GeneratedRegex("[^a-z0-9.]+")]
    private static partial Regex NotInNames();
}
