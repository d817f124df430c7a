using System.CommandLine;
using E3Scale.Launcher.Progress;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Studies;
using E3Scale.Mpi;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale study</c>: runs a comparison of methods or settings over seeds, and writes its tables.</summary>
internal sealed class StudyCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The study, a YAML file; cluster/studies has those of the paper." };
    private readonly Option<string> _directory = new("--run-dir") { Description = "Folder of its runs and tables.", Required = true };

    private readonly Option<long[]> _seeds = new("--seeds")
    {
        Description = "Seeds instead of those of the file, for example --seeds 1 2.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Changes one field of every recipe: KEY=VALUE. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string> _reuse = new("--reuse")
    {
        Description = "Folder of other studies: stages that their runs have finished from the same inputs are linked, not made again.",
    };

    private readonly Option<StudyScale> _scale = new("--scale")
    {
        Description = "small: makes the runs here. full: writes the recipes of the paper's models and a script that submits them.",
        DefaultValueFactory = _ => StudyScale.Small,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var study = new StudyCommand();
        var command = new Command("study", "Compares methods or settings over seeds: makes all runs that are not there yet, and writes tables, CSV, JSON and charts.");
        command.Add(study._file);
        foreach (Option option in new Option[] { study._directory, study._seeds, study._set, study._reuse, study._scale })
            command.Add(option);
        command.SetAction(study.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string file = parsed.GetRequiredValue(_file), folder = Path.GetFullPath(parsed.GetRequiredValue(_directory));
        Study study = StudyLoader.Load(file, parsed.GetValue(_seeds) ?? [], parsed.GetRequiredValue(_set));
        if (parsed.GetValue(_scale) == StudyScale.Full)
        {
            Console.WriteLine(new FullScale(study, folder).Write());
            return ExitCode.Success;
        }
        string command = string.Join(' ', ["e3scale", .. parsed.Tokens.Select(token => token.Value)]);
        var reuse = new StageReuse();
        if (parsed.GetValue(_reuse) is { } studies)
            reuse.OfferStudies(Path.GetFullPath(studies));
        using var signals = new CancellationSignals();
        return new StudyRunner(study, folder, command, reuse, Terminal.Detect(MpiEnvironment.IsRank)).Run(signals.Token);
    }
}
