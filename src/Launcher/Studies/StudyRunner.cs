using System.Diagnostics;
using E3Scale.Evaluation.Report;
using E3Scale.Evaluation.Studies;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Studies;

/// <summary>
/// Makes the runs of a study one after the other, each as <c>e3scale run</c> does, skips what is done, and writes the tables anew after each:
/// a study that was stopped goes on where it was, and shows what it has.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="folder">Its folder; runs are in <see cref="RunsFolder"/>.</param>
/// <param name="command">Command line that makes the study, for its tables.</param>
/// <param name="reuse">What other studies offer to the runs of this one.</param>
/// <param name="terminal">Where people read along.</param>
internal sealed class StudyRunner(Study study, string folder, string command, StageReuse reuse, Terminal terminal)
{
    /// <summary>Folder of the runs in that of the study.</summary>
    public const string RunsFolder = "runs";

    // A run that is told to stop ends its ranks first.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<StudyRun> _finished = [];

    /// <summary>Brings the study up to date.</summary>
    /// <param name="cancel">Cancelled when the user asks to stop; ends the run under way, which goes on from its last checkpoint the next time.</param>
    /// <returns>The exit code: that of the last run that failed, if any did.</returns>
    public int Run(CancellationToken cancel)
    {
        int exitCode = ExitCode.Success, number = 0;
        StudyCell[] cells = [.. study.Cells];
        var watch = Stopwatch.StartNew();
        int made = 0;
        foreach (StudyCell cell in cells)
        {
            number++;
            if (cancel.IsCancellationRequested)
                return ExitCode.Cancelled;
            bool isNew = !IsDone(cell);
            if (isNew)
            {
                terminal.WriteLine($"run {number} of {cells.Length}: {cell.Name}{TimeLeft(watch.Elapsed, made, cells.Length - number + 1)}");
                int code = Make(cell, cancel);
                if (code is ExitCode.Cancelled or ExitCode.Requeue)
                    return code;
                made++;
                if (code != ExitCode.Success)
                {
                    terminal.WriteLine($"{cell.Name}: failed with exit code {code}; {FolderOf(cell).Logs} says why. The other runs go on.");
                    exitCode = code;
                    continue;
                }
            }
            Collect(cell);
            if (isNew)
                WriteTables();
        }
        WriteTables();
        terminal.WriteLine($"{Path.Combine(folder, "study.md")}: {_finished.Count} of {cells.Length} runs");
        return exitCode;
    }

    private bool IsDone(StudyCell cell)
    {
        RunFolder run = FolderOf(cell);
        Recipe recipe = RecipeOf(cell);
        return StagePlan.For(StageCatalog.All, recipe, StageCatalog.WholeRun).Stages
            .All(stage => run.ReadMarker(stage.FolderName) is not null && run.IsDone(stage.FolderName, stage.InputHash(recipe, run)));
    }

    private int Make(StudyCell cell, CancellationToken cancel)
    {
        RunFolder run = FolderOf(cell);
        reuse.Take(RecipeOf(cell), run);
        // A process of its own, so that each run has the ranks, the log and the restarts that a single one has.
        string[] line =
        [
            .. ThisProgram.CommandLine, "run", "--recipe", study.Recipe, "--run-dir", run.Root,
            .. cell.Changes(study).SelectMany(change => new[] { "--set", change }),
        ];
        using var session = ProcessSession.Start(new JobCommand(line[0], line[1..], new Dictionary<string, string>()), Console.WriteLine, terminal.WriteLine);
        session.WaitAsync(() => Patience, cancel).GetAwaiter().GetResult();
        return cancel.IsCancellationRequested ? ExitCode.Cancelled : session.ExitCode;
    }

    private void Collect(StudyCell cell)
    {
        RunFolder run = FolderOf(cell);
        reuse.Offer(run);
        _finished.Add(new StudyRun(cell.Column.Name, cell.Arm.Name, cell.Seed, Path.GetRelativePath(folder, run.Root), ReportInput.Load(run.Root)));
    }

    private void WriteTables() => StudyWriter.Write(
        new StudyResult
        {
            Title = study.Title,
            Command = command,
            Version = ProgramVersion.Text,
            Columns = [.. study.Columns.Select(column => column.Name)],
            Arms = [.. study.Arms.Select(arm => arm.Name)],
            Seeds = study.Seeds,
            Runs = [.. _finished],
        },
        folder);

    private Recipe RecipeOf(StudyCell cell) => RecipeLoader.Load(study.Recipe, [.. cell.Changes(study)]);

    private RunFolder FolderOf(StudyCell cell) => new(PathOf(folder, cell));

    /// <summary>Folder of a run.</summary>
    /// <param name="folder">Folder of the study.</param>
    /// <param name="cell">The run.</param>
    public static string PathOf(string folder, StudyCell cell) => Path.Combine(folder, RunsFolder, cell.Slug);

    private static string TimeLeft(TimeSpan elapsed, int made, int open) =>
        made == 0 ? "" : $", about {ProgressEstimate.Clock(elapsed.TotalSeconds / made * open)} left";
}
