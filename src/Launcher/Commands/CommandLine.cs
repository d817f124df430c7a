using System.CommandLine;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Commands;

/// <summary>The command line of e3scale: parses it, runs the command, and turns errors into messages and exit codes.</summary>
public static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        ParseResult parsed = Root().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                Console.Error.WriteLine(error.Message);
            Console.Error.WriteLine("e3scale --help lists the commands, e3scale COMMAND --help the options of one.");
            return ExitCode.BadInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception error)
        {
            // The last place that could tell the user anything.
            return FailureClassifier.Report(error);
        }
    }

    private static RootCommand Root()
    {
        var root = new RootCommand("Prunes layers out of large language models and recovers them by distillation from stored logits.")
        {
            PipelineCommand.Create("run", "Brings a whole run up to date; stages that are done are skipped.", StageCatalog.WholeRun),
        };
        foreach (IStage stage in StageCatalog.All)
            root.Add(stage.Name == ExportCommand.StageName
                ? ExportCommand.Create(stage.Description)
                : PipelineCommand.Create(stage.Name, stage.Description, [stage.Name]));
        root.Add(StudyCommand.Create());
        root.Add(FootprintCommand.Create());
        root.Add(PlanCommand.Create());
        root.Add(VerifyStoreCommand.Create());
        root.Add(TokenizeCommand.Create());
        root.Add(TasksCommand.Create());
        root.Add(SpeedCommand.Create());
        root.Add(MasksCommand.Create());
        root.Add(TraceCommand.Create());
        root.Add(InspectCommand.Create());
        root.Add(DoctorCommand.Create());
        return root;
    }
}
