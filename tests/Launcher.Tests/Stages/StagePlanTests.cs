using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Tests.Stages;

public class StagePlanTests
{
    private static readonly IStage[] Catalog =
        [new FakeStage("capture"), new FakeStage("importance"), new FakeStage("search", "capture", "importance"), new FakeStage("other")];

    [Fact]
    public void For_StageWithNeeds_TakesThemInOrder() =>
        Assert.Equal(["capture", "importance", "search"], StagePlan.For(Catalog, new Recipe(), "search").Stages.Select(stage => stage.Name));

    [Fact]
    public void For_StageWithoutNeeds_TakesItAlone() => Assert.Equal("other", Assert.Single(StagePlan.For(Catalog, new Recipe(), "other").Stages).Name);

    [Fact]
    public void For_UnknownStage_ListsTheKnown()
    {
        var error = Assert.Throws<ArgumentException>(() => StagePlan.For(Catalog, new Recipe(), "serch"));

        Assert.Contains("capture, importance, search, other", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalog_EveryStage_ComesAfterWhatItNeeds()
    {
        var seen = new HashSet<string>();
        foreach (IStage stage in StageCatalog.All)
        {
            Assert.Subset(seen, stage.Needs(new Recipe()).ToHashSet());
            Assert.True(seen.Add(stage.Name), $"two stages are called {stage.Name}");
        }
        Assert.Subset(seen, StageCatalog.WholeRun.ToHashSet());
    }

    [Fact]
    public void Catalog_Stages_HaveFoldersOfTheirOwn() =>
        Assert.Equal(StageCatalog.All.Count, StageCatalog.All.Select(stage => stage.FolderName).Distinct().Count());
}
