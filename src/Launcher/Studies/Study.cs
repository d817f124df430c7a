using System.ComponentModel.DataAnnotations;
using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Studies;

/// <summary>A comparison: the same recipe with different settings and seeds. cluster/studies has the paper's; docs/studies.md explains the fields.</summary>
public sealed record Study
{
    /// <summary>What the study shows: head of its tables.</summary>
    [Required]
    public string Title { get; init; } = "";

    /// <summary>Recipe that all runs start from.</summary>
    [Required]
    public string Recipe { get; init; } = "";

    /// <summary>Seeds that every combination runs with.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>Changes of the recipe for all runs, as <c>--set</c> takes them.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <summary>Blocks of the table, such as shares of layers that go.</summary>
    [Required]
    public IReadOnlyList<StudyVariant> Columns { get; init; } = [];

    /// <summary>Rows of the table: what is compared.</summary>
    [Required]
    public IReadOnlyList<StudyVariant> Arms { get; init; } = [];

    /// <summary>Every combination of column, arm and seed; the first seed of everything comes first.</summary>
    public IEnumerable<StudyCell> Cells =>
        from seed in Seeds from column in Columns from arm in Arms select new StudyCell(column, arm, seed);
}
