using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Slurm;
using E3Scale.Launcher.Stages;
using E3Scale.Mpi;
using Microsoft.Extensions.Logging;

namespace E3Scale.Launcher.Commands;

/// <summary>
/// <c>e3scale run</c> and one command per stage. The same command line has two roles: called by a person it starts all ranks and watches
/// them; started by mpirun or srun it is one of them.
/// </summary>
internal sealed class PipelineCommand
{
    private readonly string _name;
    private readonly IReadOnlyList<string> _targets;
    private readonly RecipeOptions _recipe;
    private readonly Option<string> _runDir;
    private readonly Option<int?> _ranks = new("--ranks") { Description = "MPI ranks; must be those of the recipe's mesh, the default." };

    private readonly Option<LauncherKind> _launcher = new("--launcher")
    {
        Description = "local: mpirun. slurm: srun in an allocation, a job outside one. none: this process is the only rank, or was started as one.",
        DefaultValueFactory = _ => LauncherKind.Local,
    };

    private readonly Option<string?> _hostFile = new("--hostfile") { Description = "Hosts for --launcher local, in the form that mpirun takes." };
    private readonly SlurmCommandOptions _slurm = new();

    private PipelineCommand(string name, IReadOnlyList<string> targets, bool isRequired)
    {
        _name = name;
        _targets = targets;
        _recipe = new RecipeOptions(isRequired);
        _runDir = new Option<string>("--run-dir") { Description = "Folder of the run.", Required = isRequired };
    }

    /// <summary>Makes the command that brings some stages up to date, with all that they need.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">Help text.</param>
    /// <param name="targets">Names of the stages.</param>
    public static Command Create(string name, string description, IReadOnlyList<string> targets)
    {
        var command = new Command(name, description);
        command.SetAction(AddTo(command, targets, isRequired: true).Run);
        return command;
    }

    /// <summary>Adds the options of a run to a command that can do something else too.</summary>
    /// <param name="command">The command.</param>
    /// <param name="targets">Names of the stages.</param>
    /// <param name="isRequired">Whether the command can do nothing without a recipe and a run folder.</param>
    public static PipelineCommand AddTo(Command command, IReadOnlyList<string> targets, bool isRequired)
    {
        var pipeline = new PipelineCommand(command.Name, targets, isRequired);
        pipeline._recipe.AddTo(command);
        command.Add(pipeline._runDir);
        command.Add(pipeline._ranks);
        command.Add(pipeline._launcher);
        command.Add(pipeline._hostFile);
        pipeline._slurm.AddTo(command);
        return pipeline;
    }

    /// <summary>Whether recipe and run folder are both on the command line.</summary>
    public bool IsGiven(CommandResult result) => _recipe.IsGiven(result) && result.GetValue(_runDir) is not null;

    /// <summary>Brings the stages up to date, as launcher or as one of the ranks.</summary>
    /// <param name="parsed">The command line.</param>
    /// <returns>The exit code for the shell.</returns>
    public int Run(ParseResult parsed)
    {
        Recipe recipe = _recipe.Load(parsed);
        var folder = new RunFolder(parsed.GetRequiredValue(_runDir));
        StagePlan plan = StagePlan.For(StageCatalog.All, recipe, _targets);
        Terminal terminal = Terminal.Detect(MpiEnvironment.IsRank);
        LauncherKind launcher = parsed.GetValue(_launcher);

        if (MpiEnvironment.IsRank)
            return new RankHost(recipe, folder, plan, terminal).Run();
        CheckRankCount(parsed.GetValue(_ranks), recipe.Mesh);
        HostFile? hosts = parsed.GetValue(_hostFile) is { } file ? HostFile.Read(file) : null;
        CheckLauncherOptions(parsed, launcher, hosts);
        if (launcher == LauncherKind.None || (launcher == LauncherKind.Local && recipe.Mesh.Shape.WorldSize == 1))
            return new RankHost(recipe, folder, plan, terminal).Run();
        return Launch(parsed, recipe, folder, plan, hosts, terminal);
    }

    private void CheckLauncherOptions(ParseResult parsed, LauncherKind launcher, HostFile? hosts)
    {
        if (hosts is not null && launcher != LauncherKind.Local)
            throw new RecipeException("--hostfile is for --launcher local; Slurm knows its nodes, and --launcher none starts no ranks.");
        if (_slurm.FirstGiven(parsed) is not { } option)
            return;
        if (launcher != LauncherKind.Slurm)
            throw new RecipeException($"{option} is for --launcher slurm.");
        if (SlurmAllocation.From(Environment.GetEnvironmentVariable) is { } allocation)
            throw new RecipeException($"{option}: this is Slurm job {allocation.JobId} already, which has its nodes and its time. Leave the option out.");
    }

    private static void CheckRankCount(int? ranks, MeshSection mesh)
    {
        if (ranks is { } count && count != mesh.Shape.WorldSize)
            throw new RecipeException(
                $"--ranks {count}: the mesh of the recipe needs {mesh.Shape.WorldSize} (pipeline {mesh.Pipeline} x data {mesh.Data}). " +
                "Leave --ranks out, or change the mesh, for example with --set mesh.data=2.");
    }

    private int Launch(ParseResult parsed, Recipe recipe, RunFolder folder, StagePlan plan, HostFile? hosts, Terminal terminal)
    {
        using var logs = new LineLoggerProvider(terminal.WriteLine, "", TimeProvider.System);
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        ILogger logger = loggers.CreateLogger("e3scale");
        if (plan.FirstPending(recipe, folder) is null)
        {
            logger.LogInformation("{Folder}: every stage is done, nothing to do", folder.Root);
            return ExitCode.Success;
        }

        // Ranks read what was checked here, overrides and all.
        RunJson.WriteText(folder.RecipeFile, RecipeWriter.ToYaml(recipe));
        using var signals = new CancellationSignals();
        SlurmAllocation? allocation = SlurmAllocation.From(Environment.GetEnvironmentVariable);
        bool usesSlurm = parsed.GetValue(_launcher) == LauncherKind.Slurm;
        if (usesSlurm && allocation is null)
            return new SlurmLauncher(recipe, folder, plan, _slurm.Read(parsed), terminal, logger)
                .RunAsync(RankCommand(folder), signals.Token).GetAwaiter().GetResult();
        JobCommand command = JobFor(recipe, folder, usesSlurm ? allocation : null, hosts, terminal.IsLive);
        var limits = HangLimits.Of(recipe.Restart, jobMayQueue: usesSlurm);
        return new JobLauncher(command, recipe, folder, plan, limits, terminal, logger).RunAsync(signals.Token).GetAwaiter().GetResult();
    }

    private JobCommand JobFor(Recipe recipe, RunFolder folder, SlurmAllocation? allocation, HostFile? hosts, bool terminalIsLive)
    {
        MpiInstallation mpi = MpiInstallation.Choose();
        int ranks = recipe.Mesh.Shape.WorldSize;
        allocation?.RequireRanks(ranks);
        // Slurm may know the cores of a rank; elsewhere ranks share those of their host, which is taken to be like this one.
        int ranksHere = hosts?.RanksPerHost(ranks) ?? ranks;
        int? threads = allocation is not null ? allocation.CpusPerTask : Math.Max(1, Environment.ProcessorCount / ranksHere);
        IReadOnlyDictionary<string, string> current = CurrentVariables();
        // A submitted job has no terminal, but the command that follows it may.
        bool progressToFile = terminalIsLive || current.GetValueOrDefault(RankEnvironment.ProgressVariable) == RankEnvironment.ProgressToFile;
        var variables = RankEnvironment.For(current, mpi.Implementation, ranks, threads, progressToFile);
        var builder = new JobCommandBuilder(mpi.Implementation, ranks, variables) { Hosts = hosts };
        return allocation is null ? builder.WithMpirun(mpi.Mpirun, RankCommand(folder)) : builder.WithSlurm(allocation, RankCommand(folder));
    }

    private string[] RankCommand(RunFolder folder) => [.. ThisProgram.CommandLine, _name, "--recipe", folder.RecipeFile, "--run-dir", folder.Root];

    private static Dictionary<string, string> CurrentVariables() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!);
}
