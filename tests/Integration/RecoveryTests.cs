using E3Scale.IntegrationTests.Support;

namespace E3Scale.IntegrationTests;

/// <summary>Jobs that are killed, and started again with the same command: they must end with the same bits as if nothing had happened.</summary>
[Collection(SmallModelTests.Name)]
public class RecoveryTests(SmallModel model)
{
    private const int StageFailed = 3;
    private const int Requeue = 75;
    private const int Cancelled = 130;

    // One after each stage that keeps something of an attempt, in the middle between two checkpoints.
    [SkippableTheory]
    [InlineData("capture", 2, 1)]
    [InlineData("search", 6, 1)]
    [InlineData("distill", 7, 0)]
    public void Run_RankKilledInAStage_EndsWithTheSameBits(string stage, int progress, int rank)
    {
        string run = RunUpTo(stage);
        using (RunningCommand first = Start(run))
        {
            Assert.True(first.WaitUntil(() => Progress(run, stage) >= progress, E3ScaleCommand.RunTimeout));
            Assert.True(first.SignalRank(rank, RunningCommand.SigKill));
            first.Wait(E3ScaleCommand.RunTimeout).Expect(StageFailed).Says($"stage {stage}");
        }

        CommandResult second = Start(run).Wait(E3ScaleCommand.RunTimeout).Expect(0);

        second.Says($"{stage}: goes on with an interrupted attempt");
        AssertSameResult(run);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_RankKilledAtARandomMoment_EndsWithTheSameBits(int seed)
    {
        var random = new Random(seed);
        string run = RunUpTo("search");
        int rank = random.Next(2);
        int steps = random.Next(SmallModel.Steps + 1);
        using (RunningCommand first = Start(run))
        {
            // A moment after the line of a step anything may be under way: the next step, a checkpoint, the export.
            if (first.WaitUntil(() => RunOutput.Lines(run, "search") + RunOutput.Lines(run, "distill") >= steps, E3ScaleCommand.RunTimeout))
            {
                Thread.Sleep(random.Next(50));
                first.SignalRank(rank, RunningCommand.SigKill);
            }
            Assert.False(first.Wait(E3ScaleCommand.RunTimeout).TimedOut);
        }

        Start(run).Wait(E3ScaleCommand.RunTimeout).Expect(0);

        AssertSameResult(run);
    }

    [SkippableFact]
    public void Run_RankKilledAndRestartsLeft_GoesOnByItself()
    {
        string run = RunUpTo("search");
        using RunningCommand command = Start(run, "restart.attempts=1");
        Assert.True(command.WaitUntil(() => Progress(run, "search") >= 6, E3ScaleCommand.RunTimeout));
        Assert.True(command.SignalRank(1, RunningCommand.SigKill));

        command.Wait(E3ScaleCommand.RunTimeout).Expect(0).Says("Starts again from the last checkpoint (1 of 1)");

        AssertSameResult(run);
    }

    [SkippableFact]
    public void Run_LauncherKilled_TakesTheRanksAlong()
    {
        string run = RunUpTo("search");
        using (RunningCommand first = Start(run))
        {
            Assert.True(first.WaitUntil(() => Progress(run, "search") >= 3, E3ScaleCommand.RunTimeout));
            first.Signal(RunningCommand.SigKill);
            first.Wait(E3ScaleCommand.RunTimeout).Expect(128 + RunningCommand.SigKill);
        }

        Start(run).Wait(E3ScaleCommand.RunTimeout).Expect(0);

        AssertSameResult(run);
    }

    [SkippableFact]
    public void Run_LauncherStopped_RanksLeaveAndItGoesOnLater()
    {
        string run = RunUpTo("search");
        using RunningCommand command = Start(run, "restart.attempts=1", "restart.hang_timeout_seconds=3");
        Assert.True(command.WaitUntil(() => Progress(run, "search") >= 2, E3ScaleCommand.RunTimeout));
        command.Signal(RunningCommand.SigStop);
        // The job may have reached its end by itself before its ranks missed the launcher; either way none is left.
        Assert.True(command.WaitUntil(() => !command.HasRanks, E3ScaleCommand.RefusalTimeout));
        command.Signal(RunningCommand.SigContinue);

        command.Wait(E3ScaleCommand.RunTimeout).Expect(0);

        AssertSameResult(run);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_Terminated_LeavesNoProcessAndCanGoOn(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.RunWith(mesh, "corpus", "store", "importance");
        using (RunningCommand first = E3ScaleCommand.Start(model.Arguments("run", run, mesh)))
        {
            Assert.True(first.WaitUntil(() => Progress(run, "search") >= 6, E3ScaleCommand.RunTimeout));
            first.Signal(RunningCommand.SigTerm);
            first.Wait(E3ScaleCommand.RefusalTimeout).Expect(Cancelled);
        }

        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, model.Arguments("run", run, mesh)).Expect(0);

        RunOutput.AssertSame(model.FinishedRun(mesh), run);
    }

    [SkippableTheory]
    [InlineData("search", 5)]
    [InlineData("distill", 3)]
    public void Run_OneRankAskedToStop_SavesAtOnceAndGoesOnWithTheSameBits(string stage, int progress)
    {
        string run = RunUpTo(stage);
        using (RunningCommand first = Start(run, "checkpoint.every_steps=0"))
        {
            Assert.True(first.WaitUntil(() => Progress(run, stage) >= progress, E3ScaleCommand.RunTimeout));
            Assert.True(first.SignalRank(1, RunningCommand.SigUser1));
            first.Wait(E3ScaleCommand.RunTimeout).Expect(Requeue).Says($"stage {stage}", "stopped as asked", "is saved");
        }
        AssertLastStepIsSaved(run, stage);

        Start(run, "checkpoint.every_steps=0").Wait(E3ScaleCommand.RunTimeout).Expect(0).Says($"{stage}: goes on with an interrupted attempt");

        AssertSameResult(run);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_LauncherAskedToStop_SavesAtOnce(int ranks)
    {
        MeshOf mesh = MeshOf.For(ranks);
        string run = model.RunWith(mesh, "corpus", "store", "importance");
        using RunningCommand command = E3ScaleCommand.Start(model.Arguments("run", run, mesh, "checkpoint.every_steps=0"));
        Assert.True(command.WaitUntil(() => Progress(run, "search") >= 2, E3ScaleCommand.RunTimeout));

        command.Signal(RunningCommand.SigUser1);

        command.Wait(E3ScaleCommand.RunTimeout).Expect(Requeue);
        AssertLastStepIsSaved(run, Directory.Exists(Path.Combine(run, "distill")) ? "distill" : "search");
    }

    [SkippableFact]
    public void Run_AskedToStopDuringCapture_KeepsWholeShards()
    {
        string run = RunUpTo("capture");
        using (RunningCommand first = Start(run))
        {
            Assert.True(first.WaitUntil(() => Progress(run, "capture") >= 1, E3ScaleCommand.RunTimeout));
            first.Signal(RunningCommand.SigUser1);
            first.Wait(E3ScaleCommand.RunTimeout).Expect(Requeue);
        }

        Start(run).Wait(E3ScaleCommand.RunTimeout).Expect(0);

        AssertSameResult(run);
    }

    /// <summary>The newest checkpoint is that of the last step taken, although the recipe saves only at the end of a stage.</summary>
    private static void AssertLastStepIsSaved(string run, string stage)
    {
        int firstStep = stage == "distill" ? SmallModel.Steps / 2 : 0;
        Assert.Equal(
            [$"step-{firstStep + RunOutput.Lines(run, stage):D8}"],
            Directory.GetDirectories(Path.Combine(run, stage, "checkpoints")).Select(Path.GetFileName));
    }

    private RunningCommand Start(string run, params string[] changes) =>
        E3ScaleCommand.Start(model.Arguments("run", run, MeshOf.TwoStages, changes));

    /// <summary>A run folder in which everything before a stage is done.</summary>
    private string RunUpTo(string stage) => stage == "capture"
        ? model.RunWith(MeshOf.TwoStages, "corpus")
        : model.RunWith(MeshOf.TwoStages, "corpus", "store", "importance");

    /// <summary>Shards or steps a stage has finished.</summary>
    private static int Progress(string run, string stage)
    {
        string store = Path.Combine(run, "store");
        return stage != "capture" ? RunOutput.Lines(run, stage) : Directory.Exists(store) ? Directory.GetFiles(store, "*.arrow").Length : 0;
    }

    private void AssertSameResult(string run) => RunOutput.AssertSame(model.FinishedRun(MeshOf.TwoStages), run);
}
