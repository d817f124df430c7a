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
        reuse.Offer(Finished("first", Recipe("search.drop_layers=4"), "corpus", "capture"));
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
        reuse.Offer(Finished("first", Recipe("seed=1"), "corpus", "capture"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));

        reuse.Take(Recipe("seed=2"), second);

        Assert.Empty(Directory.GetFileSystemEntries(second.Root));
    }

    [Fact]
    public void Take_AfterTheRecipeChanged_ReplacesOnlyTheLink()
    {
        var reuse = new StageReuse();
        RunFolder first = Finished("first", Recipe("store.top_k=10"), "corpus", "capture");
        reuse.Offer(first);
        reuse.Offer(Finished("other", Recipe("store.top_k=5"), "corpus", "capture"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));
        reuse.Take(Recipe("store.top_k=10"), second);

        reuse.Take(Recipe("store.top_k=5"), second);

        Assert.Equal("../other/store", new DirectoryInfo(second.StageFolder("store")).LinkTarget);
        Assert.NotNull(first.ReadMarker("store"));
    }

    private static Recipe Recipe(string change) =>
        RecipeLoader.Load(Path.Combine(SharedData.RepositoryRoot, "cluster", "recipes", "tiny-r1.yaml"), [change]);

    private RunFolder Finished(string name, Recipe recipe, params string[] stages)
    {
        var folder = new RunFolder(Path.Combine(_folder.Path, name));
        foreach (string stage in stages)
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
        return folder;
    }
}
