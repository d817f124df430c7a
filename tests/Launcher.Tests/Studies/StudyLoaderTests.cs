using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Studies;
using E3Scale.TestSupport;

namespace E3Scale.Launcher.Tests.Studies;

public sealed class StudyLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StudyLoaderTests() => _folder.File("recipe.yaml", """
        name: small
        model: { teacher: teacher }
        corpus: { paths: [text.jsonl] }
        search: { drop_layers: 1 }
        """);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_TwoColumnsTwoArms_GivesEveryCombinationWithTheFirstSeedFirst()
    {
        Study study = Load("""
            title: A comparison
            recipe: recipe.yaml
            seeds: [4, 5]
            set: [train.steps=100]
            columns: [{ name: "25%", set: [search.drop_layers=2] }, { name: "50%", set: [search.drop_layers=4] }]
            arms: [{ name: ShortGPT, set: [search.method=shortgpt] }, { name: E3-Pruner }]
            """);

        Assert.Equal(
            ["25-shortgpt-4", "25-e3-pruner-4", "50-shortgpt-4", "50-e3-pruner-4", "25-shortgpt-5", "25-e3-pruner-5", "50-shortgpt-5", "50-e3-pruner-5"],
            study.Cells.Select(cell => cell.Slug));
        Assert.Equal(["train.steps=100", "search.drop_layers=2", "search.method=shortgpt", "seed=4"], study.Cells.First().Changes(study));
    }

    [Fact]
    public void Load_SeedsAndChangesOfTheCommandLine_Win()
    {
        Study study = StudyLoader.Load(Write(Smallest), [7], ["train.steps=200"]);

        Assert.Equal(["train.steps=200", "seed=7"], Assert.Single(study.Cells).Changes(study));
    }

    [Theory]
    [InlineData("arms: [{ name: a }]", "lacks the field columns")]
    [InlineData("columns: [{ name: a }]\narms: []", "at least one column, one arm")]
    [InlineData("columns: [{ name: a }]\narms: [{ name: a b }, { name: a-b }]", "two runs would both be called a-a-b-1")]
    [InlineData("columns: [{ name: a, full_scale: m.yaml }, { name: c, full_scale: m.yaml }]\narms: [{ name: b }]", "two runs with real models would both be called m-b-1")]
    [InlineData("columns: [{ name: a }]\narms: [{ name: b, set: [search.drop_layer=1] }]", "a, b, seed 1: --set search.drop_layer=1: unknown key")]
    [InlineData("columns: [{ name: a, sets: [] }]\narms: [{ name: b }]", "unknown key 'sets'")]
    public void Load_Mistakes_AreNamed(string rest, string message)
    {
        var error = Assert.Throws<RecipeException>(() => Load("title: t\nrecipe: recipe.yaml\n" + rest));

        Assert.Contains("study.yaml", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ShippedStudies_AllRecipesAreGood()
    {
        string[] files = Directory.GetFiles(Path.Combine(SharedData.RepositoryRoot, "cluster", "studies"), "*.yaml");

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.NotEmpty(StudyLoader.Load(file, [], []).Cells));
    }

    [Fact]
    public void Write_FullScale_MakesARecipeForEveryRunOfAModel()
    {
        _folder.File("real.yaml", """
            name: real
            model: { teacher: real }
            corpus: { paths: [text.jsonl] }
            search: { drop_layers: 8 }
            """);
        Study study = Load("""
            title: A comparison
            recipe: recipe.yaml
            seeds: [1, 2]
            set: [train.steps=100]
            columns: [{ name: small, set: [search.drop_layers=2], full_scale: real.yaml }, { name: none }]
            arms: [{ name: ShortGPT, set: [search.method=shortgpt] }]
            """);

        string script = new FullScale(study, Path.Combine(_folder.Path, "full")).Write();

        Recipe recipe = RecipeLoader.Load(Path.Combine(_folder.Path, "full", "real-shortgpt-2.yaml"), []);
        Assert.Equal((8, 2, "real-shortgpt-2"), (recipe.Search.DropLayers, recipe.Seed, recipe.Name));
        Assert.Equal(1200, recipe.Train.Steps); // the change for the small model stays away
        Assert.Equal(2, File.ReadLines(script).Count(line => line.StartsWith("e3scale run --launcher slurm", StringComparison.Ordinal)));
    }

    private const string Smallest = "title: t\nrecipe: recipe.yaml\ncolumns: [{ name: a }]\narms: [{ name: b }]\n";

    private Study Load(string text) => StudyLoader.Load(Write(text), [], []);

    private string Write(string text) => _folder.File("study.yaml", text);
}
