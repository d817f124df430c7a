using System.Diagnostics;
using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests.Chaos;

/// <summary>
/// Something goes wrong at a random moment of a run. Each time the job must end within 30 s and say which rank, host and stage it was, and
/// the run must come to the same bits as one that nothing happened to. One run of each kind; ./build.sh --target=Chaos makes many.
/// </summary>
[Collection(SmallModelTests.Name)]
public sealed class ChaosTests(SmallModel model, ChaosReport report) : IClassFixture<ChaosReport>
{
    private const int StageFailed = 3;
    private const string StartsAgain = "Starts again from the last checkpoint";

    // Enough for any run to get through, however often it is hit.
    private const int Attempts = 3;

    // Far below the default, which ends a job within 30 s too, so that the tests are quick; far above what a busy machine takes for a beat.
    private const int HangSeconds = 6;

    // A job that was started while the cable was out may never find its hosts. A busy machine needs seconds to start ranks.
    private const int StartSeconds = 40;

    private static readonly TimeSpan s_timeToEnd = TimeSpan.FromSeconds(30);
    private static readonly MeshOf[] s_meshes = [new(2, 1, 1), new(1, 1, 2), new(1, 2, 2)];

    public static TheoryData<FaultKind, int> Runs
    {
        get
        {
            var data = new TheoryData<FaultKind, int>();
            foreach (var (kind, seed) in ChaosPlan.Runs())
                data.Add(kind, seed);
            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Runs))]
    public void Run_UnderAFault_EndsAndComesToTheSameBits(FaultKind kind, int seed)
    {
        var random = new Random(seed);
        // Two ranks each: sums of two numbers are the same bits in either library and any order.
        MeshOf mesh = s_meshes[random.Next(s_meshes.Length)];
        using var disk = kind == FaultKind.FullDisk ? SmallDisk.Mount(Directory.CreateDirectory(model.NewFolder()).FullName, 64 << 20) : null;
        using var hosts = kind == FaultKind.PulledCable ? NetworkHosts.Start(model.NewFolder()) : null;
        string run = PreparedRun(mesh, disk);
        string[] arguments = model.Arguments(
            "run", run, mesh, $"restart.attempts={Attempts}", $"restart.hang_timeout_seconds={HangSeconds}",
            $"restart.start_timeout_seconds={StartSeconds}");

        string library = AnyLibrary(random);
        Dictionary<string, string> variables = new(hosts?.Variables ?? []) { ["E3SCALE_MPI_LIBRARY"] = library };

        double seconds;
        CommandResult result;
        using (RunningCommand command = E3ScaleCommand.Start(variables, arguments))
        {
            Assert.True(WaitForTheMoment(kind, command, run, random), $"the run was over before anything happened\n{command.Error}");
            int victim = random.Next(mesh.Ranks);
            long start = Stopwatch.GetTimestamp();
            Inject(kind, command, victim, disk, hosts);
            bool startedAgain = command.WaitUntil(() => command.Error.Contains(StartsAgain, StringComparison.Ordinal), E3ScaleCommand.RefusalTimeout);
            // The launcher pauses before the next attempt: nobody writes a newer checkpoint now.
            if (kind == FaultKind.DamagedCheckpoint)
                CheckpointDamage.Inflict(run, random);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Assert.Equal(kind != FaultKind.FullDisk, startedAgain);
            Assert.True(seconds < s_timeToEnd.TotalSeconds, $"took {seconds:F1} s to end\n{command.Error}");
            CheckMessage(command.Error, kind, victim);
            hosts?.PlugCable();
            result = command.Wait(E3ScaleCommand.RunTimeout);
        }
        if (kind == FaultKind.FullDisk)
        {
            result.Expect(StageFailed).Says("space", run);
            disk!.Free();
            using RunningCommand again = E3ScaleCommand.Start(variables, arguments);
            result = again.Wait(E3ScaleCommand.RunTimeout);
        }

        result.Expect(0);
        if (kind == FaultKind.DamagedCheckpoint)
            result.Says("is damaged");
        RunOutput.AssertSame(model.FinishedRun(mesh), run);
        int restarts = result.Error.Split(StartsAgain).Length - 1;
        report.Add(new ChaosResult(kind, seed, library, mesh.ToString(), seconds, restarts));
    }

    private static string AnyLibrary(Random random)
    {
        _ = MpiRun.RequireAny();
        IReadOnlyList<string> libraries = MpiRun.FindAll();
        return libraries[random.Next(libraries.Count)];
    }

    private string PreparedRun(MeshOf mesh, SmallDisk? disk)
    {
        string prepared = model.RunWith(mesh, "corpus", "store", "importance");
        if (disk is null)
            return prepared;
        string onDisk = Path.Combine(disk.Folder, "run");
        Folders.Copy(prepared, onDisk);
        return onDisk;
    }

    /// <summary>Some moment after the first step and before the end of the training. False when the run ended before.</summary>
    private static bool WaitForTheMoment(FaultKind kind, RunningCommand command, string run, Random random)
    {
        int steps = random.Next(1, SmallModel.Steps - 1);
        // Three steps before the end of search or recovery there should be two checkpoints, so that there is one to fall back on.
        if (kind == FaultKind.DamagedCheckpoint)
            steps = SmallModel.Steps / random.Next(1, 3) - 3;
        bool isTime = command.WaitUntil(
            () => RunOutput.Lines(run, "search") + RunOutput.Lines(run, "distill") >= steps &&
                (kind != FaultKind.DamagedCheckpoint || CheckpointDamage.IsPossible(run)),
            E3ScaleCommand.RunTimeout);
        if (!isTime)
            return false;
        if (kind != FaultKind.DamagedCheckpoint)
            Thread.Sleep(random.Next(100));
        return true;
    }

    private static void Inject(FaultKind kind, RunningCommand command, int victim, SmallDisk? disk, NetworkHosts? hosts)
    {
        switch (kind)
        {
            case FaultKind.Kill or FaultKind.DamagedCheckpoint:
                Assert.True(command.SignalRank(victim, RunningCommand.SigKill));
                break;
            case FaultKind.Stop:
                Assert.True(command.SignalRank(victim, RunningCommand.SigStop));
                break;
            case FaultKind.FullDisk:
                Assert.True(disk!.Fill());
                break;
            case FaultKind.PulledCable:
                hosts!.PullCable();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    private static void CheckMessage(string error, FaultKind kind, int victim)
    {
        string reason = error.Split('\n').FirstOrDefault(line => line.Contains("rank ", StringComparison.Ordinal) && line.Contains(", stage ", StringComparison.Ordinal))
            ?? throw new Xunit.Sdk.XunitException($"no line names rank and stage\n{error}");
        Assert.Contains(" on ", reason, StringComparison.Ordinal);
        if (kind is FaultKind.Kill or FaultKind.Stop or FaultKind.DamagedCheckpoint)
            Assert.Contains($"rank {victim} on {Environment.MachineName}, stage ", reason, StringComparison.Ordinal);
        if (kind == FaultKind.PulledCable)
            Assert.Contains("wait for each other", error, StringComparison.Ordinal);
    }
}
