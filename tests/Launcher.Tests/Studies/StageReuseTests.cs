using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;
using E3Scale.Launcher.Studies;
using E3Scale.Pruner.Search;
using E3Scale.Sharding;
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

    [Fact]
    public void Take_LinkWhoseTargetIsGone_LinksAnother()
    {
        var reuse = new StageReuse();
        RunFolder first = Offer(new StageReuse(), "first", Recipe("seed=1"));
        Offer(reuse, "other", Recipe("seed=1"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));
        Directory.CreateSymbolicLink(second.StageFolder("corpus"), first.StageFolder("corpus"));
        Directory.Delete(first.Root, recursive: true);

        reuse.Take(Recipe("seed=1"), second);

        Assert.Equal("../other/corpus", new DirectoryInfo(second.StageFolder("corpus")).LinkTarget);
    }

    [Fact]
    public void OfferStudies_RunOfAnotherStudy_IsTakenOver()
    {
        Offer(new StageReuse(), "studies/one/runs/first", Recipe("seed=1"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "studies", "empty"));
        var reuse = new StageReuse();
        reuse.OfferStudies(Path.Combine(_folder.Path, "studies"));
        reuse.OfferStudies(Path.Combine(_folder.Path, "missing"));
        var second = new RunFolder(Path.Combine(_folder.Path, "studies", "two", "runs", "second"));

        reuse.Take(Recipe("seed=1"), second);

        Assert.Equal("../../../one/runs/first/store", new DirectoryInfo(second.StageFolder("store")).LinkTarget);
    }

    [Fact]
    public void Prepare_Link_LeavesWhatItPointsTo()
    {
        var reuse = new StageReuse();
        RunFolder first = Offer(reuse, "first", Recipe("seed=1"));
        var second = new RunFolder(Path.Combine(_folder.Path, "second"));
        reuse.Take(Recipe("seed=1"), second);

        Assert.False(second.Prepare("store", first.ReadMarker("store")!.InputHash));

        Assert.Null(new DirectoryInfo(second.StageFolder("store")).LinkTarget);
        Assert.Null(second.ReadMarker("store"));
        Assert.NotNull(first.ReadMarker("store"));
    }

    [Theory]
    [InlineData("sleb", 4, true)]
    [InlineData("sleb", 5, false)]
    [InlineData("sheared-llama", 4, false)] // leaves trained weights, too
    public void Take_OtherMethod_SharesTheRecoveryOfTheSameMask(string method, int dropped, bool shares)
    {
        var reuse = new StageReuse();
        Searched("first", "shortgpt", 4, andRecovered: true, reuse);
        RunFolder second = Searched("second", method, dropped, andRecovered: false, new StageReuse());

        reuse.Take(Recipe($"search.method={method}"), second);

        Assert.Equal(shares ? "../first/distill" : null, new DirectoryInfo(second.StageFolder("distill")).LinkTarget);
    }

    // Greedy divergences are those of so many layers; leave-one-out divergences are the same for any number.
    [Theory]
    [InlineData("kl-greedy", false)]
    [InlineData("by-damage", false)]
    [InlineData("kl", true)]
    public void Take_OtherNumberOfLayers_SharesImportanceWhereItIsTheSame(string start, bool shares)
    {
        var reuse = new StageReuse();
        Recipe two = Recipe($"search.scores.importance={start}", "search.drop_layers=2"), four = Recipe($"search.scores.importance={start}", "search.drop_layers=4");
        RunFolder first = Offer(reuse, "first", two);
        MarkDone(first, two, "importance");
        reuse.Offer(first);
        RunFolder second = Offer(new StageReuse(), "second", four);

        reuse.Take(four, second);

        Assert.Equal(shares ? "../first/importance" : null, new DirectoryInfo(second.StageFolder("importance")).LinkTarget);
    }

    private static Recipe Recipe(params string[] changes) =>
        RecipeLoader.Load(Path.Combine(SharedData.RepositoryRoot, "cluster", "recipes", "tiny-r1.yaml"), changes);

    /// <summary>A run whose method dropped one layer.</summary>
    private RunFolder Searched(string name, string method, int dropped, bool andRecovered, StageReuse reuse)
    {
        Recipe recipe = Recipe($"search.method={method}");
        RunFolder folder = Offer(reuse, name, recipe);
        MarkDone(folder, recipe, "search");
        JsonFile.Write(folder.In(RunFiles.Mask), new MaskResult
        {
            Layers = 16,
            Kept = [.. Enumerable.Range(0, 16).Where(layer => layer != dropped)],
            Dropped = [dropped],
            Scores = new double[16],
            Gap = 0,
            Method = method,
            Tokens = 0,
            Steps = 0,
        });
        if (andRecovered)
            MarkDone(folder, recipe, "distill");
        reuse.Offer(folder);
        return folder;
    }

    /// <summary>Offers a run that has finished two stages.</summary>
    private RunFolder Offer(StageReuse reuse, string name, Recipe recipe)
    {
        var folder = new RunFolder(Path.Combine(_folder.Path, name));
        foreach (string stage in new[] { "corpus", "capture" })
            MarkDone(folder, recipe, stage);
        reuse.Offer(folder);
        return folder;
    }

    private static void MarkDone(RunFolder folder, Recipe recipe, string stage)
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
}
