using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Tests.Stages;

public sealed class RunProgressTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    [Theory]
    [InlineData(1, 40, 1, 30, true)]
    [InlineData(2, 0, 1, 90, true)]
    [InlineData(1, 40, 1, 40, false)]
    [InlineData(1, 90, 2, 0, false)]
    public void IsBeyond_ComparesStagesThenWhatWasKept(int stages, long kept, int otherStages, long otherKept, bool expected) =>
        Assert.Equal(expected, new RunProgress(stages, kept).IsBeyond(new RunProgress(otherStages, otherKept)));

    [Fact]
    public void Of_CountsTheStagesThatAreDone()
    {
        var folder = new RunFolder(_temporary.Path);
        var first = new FakeStage("first");
        StagePlan plan = StagePlan.For([first, new FakeStage("second", "first")], new Recipe(), "second");
        var recipe = new Recipe();
        RunProgress before = RunProgress.Of(plan, recipe, folder);

        folder.MarkDone("first", new DoneMarker
        {
            Stage = "first",
            InputHash = first.InputHash(recipe, folder),
            Outputs = [],
            Seconds = 1,
            Tokens = 0,
            FinishedAt = DateTimeOffset.UnixEpoch,
        });

        Assert.Equal(new RunProgress(0, 0), before);
        Assert.Equal(new RunProgress(1, 0), RunProgress.Of(plan, recipe, folder));
    }

    [Fact]
    public void NewestCheckpoint_UnfinishedOnes_DoNotCount()
    {
        var folder = new RunFolder(_temporary.Path);
        _temporary.File("search/checkpoints/step-00000004/state.json", "{}");
        _temporary.File("search/checkpoints/step-00000008/state.json", "{}");
        _temporary.File("search/checkpoints/step-00000012.tmp/state.json", "{}");

        Assert.Equal(8, folder.NewestCheckpoint("search/checkpoints"));
        Assert.Equal(0, folder.NewestCheckpoint("distill/checkpoints"));
    }

    public void Dispose() => _temporary.Dispose();
}
