using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;
using E3Scale.Mpi;
using E3Scale.Sharding;
using Microsoft.Extensions.Logging.Abstractions;

namespace E3Scale.Launcher.Tests.Stages;

[Collection(WorldOfOne.Name)]
public sealed class PipelineRunnerTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly MpiEnvironment _mpi = MpiEnvironment.Initialize();
    private readonly FakeStage _capture = new("capture");
    private readonly FakeStage _search = new("search", "capture");

    public void Dispose()
    {
        _mpi.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void Run_NothingDone_RunsEveryStageAndMarksIt()
    {
        Run(new Recipe());

        Assert.Equal((1, 1), (_capture.Runs, _search.Runs));
        DoneMarker marker = new RunFolder(_temporary.Path).ReadMarker("search")!;
        Assert.Equal(["search/out.txt"], marker.Outputs);
        Assert.Equal(7, marker.Tokens);
    }

    [Fact]
    public void Run_Twice_RunsEachStageOnce()
    {
        Run(new Recipe());
        Run(new Recipe());

        Assert.Equal((1, 1), (_capture.Runs, _search.Runs));
    }

    [Fact]
    public void Run_InputsChanged_RunsAgain()
    {
        Run(new Recipe());
        Run(new Recipe { Seed = 2 });

        Assert.Equal((2, 2), (_capture.Runs, _search.Runs));
    }

    [Fact]
    public void Run_OutputOfOneStageGone_RunsOnlyThatStageAgain()
    {
        Run(new Recipe());
        File.Delete(Path.Combine(_temporary.Path, "capture", "out.txt"));
        Run(new Recipe());

        Assert.Equal((2, 1), (_capture.Runs, _search.Runs));
    }

    [Fact]
    public void Run_SeveralStages_TellsWhenEachBegins()
    {
        List<string> begun = [];
        PipelineRunner? runner = null;
        runner = new PipelineRunner(StagePlan.For([_capture, _search], new Recipe(), "search"), TimeProvider.System)
        {
            StageBegins = () => begun.Add(runner!.CurrentStage),
        };

        runner.Run(Context(new Recipe()));

        Assert.Equal(["capture", "search"], begun);
    }

    [Fact]
    public void Run_StageFails_LeavesItUnmarkedAndNamed()
    {
        _search.Failure = new IOException("no");
        PipelineRunner runner = Runner();

        Assert.Throws<IOException>(() => runner.Run(Context(new Recipe())));

        Assert.Equal("search", runner.CurrentStage);
        Assert.Null(new RunFolder(_temporary.Path).ReadMarker("search"));
    }

    [Fact]
    public void Run_WorldOfAnotherSize_SaysWhatIsNeeded()
    {
        var error = Assert.Throws<MeshException>(() => Run(new Recipe { Mesh = new MeshSection { Pipeline = 2, Data = 2 } }));

        Assert.Contains("needs 4 ranks (pipeline x data), the job has 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AskedToStop_BeginsNoStage()
    {
        StageContext context = Context(new Recipe());
        context.Environment.Stop.Ask();

        Assert.Throws<StopRequestedException>(() => Runner().Run(context));

        Assert.Equal(0, _capture.Runs);
    }

    private void Run(Recipe recipe) => Runner().Run(Context(recipe));

    private PipelineRunner Runner() => new(StagePlan.For([_capture, _search], new Recipe(), "search"), TimeProvider.System);

    private StageContext Context(Recipe recipe) => new()
    {
        Recipe = recipe,
        Folder = new RunFolder(_temporary.Path),
        Environment = new StageEnvironment(_mpi.World, recipe.Mesh.Shape, new SilentProgress()),
        Logger = NullLogger.Instance,
    };
}
