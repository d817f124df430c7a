using E3Scale.Launcher.Recipes;
using YamlDotNet.RepresentationModel;

namespace E3Scale.Launcher.Studies;

/// <summary>Reads a study and checks every recipe that it makes before anything runs.</summary>
public static class StudyLoader
{
    /// <summary>Loads a study.</summary>
    /// <param name="path">The file, YAML. Recipes it names are relative to its folder.</param>
    /// <param name="seeds">Seeds instead of the file's; empty for the file's.</param>
    /// <param name="changes">Changes for all runs, after the file's.</param>
    /// <returns>The study; paths of recipes are absolute.</returns>
    /// <exception cref="RecipeException">The file cannot be read, or one of its runs has a recipe that cannot be used.</exception>
    public static Study Load(string path, IReadOnlyList<long> seeds, IReadOnlyList<string> changes)
    {
        YamlMappingNode document = YamlFile.Read(path, "study", "cluster/studies has some.");
        var binder = new RecipeBinder(path, "study");
        var study = (Study)binder.BindSection(document, typeof(Study), "");
        if (seeds.Count > 0)
            study = study with { Seeds = seeds };
        CheckNames(study, binder);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        study = study with
        {
            Recipe = Path.GetFullPath(study.Recipe, folder),
            Set = [.. study.Set, .. changes],
            Columns = [.. study.Columns.Select(column => column.FullScale is { } recipe ? column with { FullScale = Path.GetFullPath(recipe, folder) } : column)],
        };
        foreach (StudyCell cell in study.Cells)
            LoadRecipe(study, cell, path);
        return study;
    }

    private static void LoadRecipe(Study study, StudyCell cell, string path)
    {
        try
        {
            RecipeLoader.Load(study.Recipe, [.. cell.Changes(study)]);
        }
        catch (RecipeException error)
        {
            throw new RecipeException($"{path}: {cell.Name}: {error.Message}", error);
        }
    }

    private static void CheckNames(Study study, RecipeBinder binder)
    {
        if (study.Columns.Count == 0 || study.Arms.Count == 0 || study.Seeds.Count == 0)
            throw binder.Error("arms", "a study has at least one column, one arm and one seed.");
        // Folders of runs are named after them.
        if (study.Cells.CountBy(cell => cell.Slug).FirstOrDefault(slug => slug.Value > 1) is { Key: { } twice })
            throw binder.Error("arms", $"two runs would both be called {twice}; give columns, arms and seeds names that differ in letters or digits.");
        if (study.Cells.Where(cell => cell.Column.FullScale is not null).CountBy(cell => cell.FullScaleSlug).FirstOrDefault(slug => slug.Value > 1) is { Key: { } same })
            throw binder.Error("columns", $"two runs with real models would both be called {same}; give every column a full_scale of its own, or none.");
    }
}
