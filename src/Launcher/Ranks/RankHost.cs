using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;
using E3Scale.Mpi;
using E3Scale.Sharding;
using Microsoft.Extensions.Logging;

namespace E3Scale.Launcher.Ranks;

/// <summary>The rank's side of a command: runs the plan on this process, one of the ranks of a job or the only one.</summary>
internal sealed class RankHost
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(20);

    private readonly Recipe _recipe;
    private readonly RunFolder _folder;
    private readonly PipelineRunner _runner;
    private readonly Terminal _terminal;
    private readonly StopRequest _stop = new();
    private RankWatch? _watch;

    public RankHost(Recipe recipe, RunFolder folder, StagePlan plan, Terminal terminal)
    {
        _recipe = recipe;
        _folder = folder;
        // A rank that dies within a second of a stage's beginning is to be reported with that stage.
        _runner = new PipelineRunner(plan, TimeProvider.System) { StageBegins = () => _watch?.Beat() };
        _terminal = terminal;
    }

    /// <summary>Runs the plan. Does not return when this is one of several ranks and fails: that ends all of them.</summary>
    /// <returns>The exit code for the shell.</returns>
    public int Run()
    {
        // Before MPI starts: until then SIGUSR1 would just kill the process.
        using var signals = new StopSignals(_stop, EndAtOnce, Environment.GetEnvironmentVariable, TimeProvider.System);
        return MpiEnvironment.RunRank(Run);
    }

    private int Run(MpiEnvironment mpi)
    {
        using var watch = RankWatch.Start(_folder, mpi, () => _runner.CurrentStage, HangLimits.Of(_recipe.Restart, jobMayQueue: false));
        _watch = watch;
        try
        {
            using RunLock? runLock = mpi.World.Rank == 0 ? RunLock.Take(_folder, LockPatience, TimeProvider.System) : null;
            if (mpi.World.Rank == 0)
                StartFirstRank();
            RunPlan(mpi.World);
            return ExitCode.Success;
        }
        catch (StopRequestedException stop)
        {
            int exitCode = Report(stop);
            mpi.Dispose(); // all ranks are here, so MPI can end in peace
            // The launcher reads the note; of the code mpirun and srun would make an error.
            return LauncherWatch.IsLaunched ? ExitCode.Success : exitCode;
        }
        catch (Exception error)
        {
            // Whatever it was, the other ranks must be ended, and people must read why.
            return Report(error);
        }
    }

    private void EndAtOnce(int exitCode)
    {
        if (exitCode == ExitCode.Requeue)
            _ = Report(new StopRequestedException("stopped as asked; the same command goes on from the last checkpoint"));
        MpiEnvironment.EndProcess(exitCode);
    }

    private void StartFirstRank()
    {
        if (LauncherWatch.IsLaunched)
            LauncherWatch.Start();
        RunJson.WriteText(_folder.RecipeFile, RecipeWriter.ToYaml(_recipe));
    }

    private void RunPlan(Communicator world)
    {
        bool isFirst = world.Rank == 0;
        using var logs = new LineLoggerProvider(_terminal.WriteLine, isFirst ? "" : $"rank {world.Rank}: ", TimeProvider.System);
        using ILoggerFactory loggers = LoggerFactory.Create(builder =>
            builder.AddProvider(logs).SetMinimumLevel(isFirst ? LogLevel.Information : LogLevel.Warning));
        IProgress<StageProgress>? sink = isFirst ? ProgressSink() : null;
        using var bar = sink as IDisposable;
        ILogger logger = loggers.CreateLogger("e3scale");
        var device = RankDevice.Find(_recipe.Device, _recipe.DeviceMessages, world);
        logger.LogInformation("{Device}", device);
        _runner.Run(new StageContext
        {
            Recipe = _recipe,
            Folder = _folder,
            Environment = new StageEnvironment(world, _recipe.Mesh.Shape, sink is null ? new SilentProgress() : new SinkProgress(sink))
            {
                Experts = StageOptions.Experts(_recipe, _folder),
                Device = device,
                Stop = _stop,
            },
            Logger = logger,
        });
    }

    private IProgress<StageProgress> ProgressSink()
    {
        if (_terminal.IsLive)
            return new BarProgress(_terminal.Console, TimeProvider.System);
        if (Environment.GetEnvironmentVariable(RankEnvironment.ProgressVariable) == RankEnvironment.ProgressToFile)
            return new FileProgress(ProgressFollower.FileOf(_folder), TimeProvider.System);
        return new PlainProgress(Console.Error, LineInterval, TimeProvider.System);
    }

    private int Report(Exception error)
    {
        RankPlace place = _watch?.Place ?? new RankPlace(0, Environment.MachineName, "", ""); // before MPI started, no rank is known
        FailureNote note = FailureNote.From(error, place);
        FailureReport.Publish(note, _folder);
        return note.ExitCode;
    }
}
