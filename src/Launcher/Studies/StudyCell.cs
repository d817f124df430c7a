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
    public string Slug => SlugWith(Column.Name);

    /// <summary>The same for the run with the real model that the column names (<see cref="StudyVariant.FullScale"/>).</summary>
    /// <exception cref="InvalidOperationException">The column names none.</exception>
    public string FullScaleSlug => SlugWith(Path.GetFileNameWithoutExtension(Column.FullScale ?? throw new InvalidOperationException($"{Column.Name} has no full_scale.")));

    /// <summary>What this run changes of the study's recipe; what comes later wins.</summary>
    public IEnumerable<string> Changes(Study study) => [.. study.Set, .. Column.Set, .. Arm.Set, $"seed={Seed}"];

    private string SlugWith(string model) => string.Create(CultureInfo.InvariantCulture, $"{SlugOf(model)}-{SlugOf(Arm.Name)}-{Seed}");

    private static string SlugOf(string name) => NotInNames().Replace(name.ToLowerInvariant(), "-").Trim('-');

    [GeneratedRegex("[^a-z0-9.]+")]
    private static partial Regex NotInNames();
}
