using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;
using E3Scale.Launcher.Studies;
using E3Scale.TestSupport;

namespace E3Scale.Launcher.Tests.Studies;

public sealed class StageReuseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Take_SameInputs_LinksWhatIsDone()
    {
        var reuse = new StageReuse();
        Offer(reuse, "first", Recipe("search.drop_layers=4"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));

        reuse.Take(Recipe("search.drop_layers=8"), second);

        Assert.Equal("../first/corpus", new DirectoryInfo(second.StageFolder("corpus")).LinkTarget);
        Assert.Equal("../first/store", new DirectoryInfo(second.StageFolder("store")).LinkTarget);
        Assert.False(Path.Exists(second.StageFolder("importance")));
        Assert.NotNull(second.ReadMarker("store"));
    }

    [Fact]
    public void Take_OtherSeed_LinksNothing()
    {
        var reuse = new StageReuse();
        Offer(reuse, "first", Recipe("seed=1"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));

        reuse.Take(Recipe("seed=2"), second);

        Assert.Empty(Directory.GetFileSystemEntries(second.Root));
    }

    [Fact]
    public void Take_AfterTheRecipeChanged_ReplacesOnlyTheLink()
    {
        var reuse = new StageReuse();
        RunFolder first = Offer(reuse, "first", Recipe("store.top_k=10"));
        Offer(reuse, "other", Recipe("store.top_k=5"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));
        reuse.Take(Recipe("store.top_k=10"), second);

        reuse.Take(Recipe("store.top_k=5"), second);

        Assert.Equal("../other/store", new DirectoryInfo(second.StageFolder("store")).LinkTarget);
        Assert.NotNull(first.ReadMarker("store"));
    }

    private static Recipe Recipe(string change) =>
        RecipeLoader.Load(Path.Combine(SharedData.RepositoryRoot, "cluster", "recipes", "tiny-r1.yaml"), [change]);

    /// <summary>Offers a run that has finished two stages.</summary>
    private RunFolder Offer(StageReuse reuse, string name, Recipe recipe)
    {
        var folder = new RunFolder(Path.Combine(_folder.Path, name));
        foreach (string stage in new[] { "corpus", "capture" })
        {
            IStage step = StageCatalog.All.First(step => step.Name == stage);
            string hash = step.InputHash(recipe, folder);
            folder.Prepare(step.FolderName, hash);
            folder.MarkDone(step.FolderName, new DoneMarker
            {
                Stage = stage,
                InputHash = hash,
                Outputs = [],
                Seconds = 1,
                Tokens = 1,
                SkippedSteps = 0,
                PeakMemoryBytes = 1,
                FinishedAt = DateTimeOffset.UnixEpoch,
            });
        }
        reuse.Offer(recipe, folder);
        return folder;
    }
}
