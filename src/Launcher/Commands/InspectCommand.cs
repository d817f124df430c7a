using System.CommandLine;
using E3Scale.Launcher.Inspection;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale inspect</c>: what a model folder holds and what can be done with it, from its headers alone.</summary>
internal static class InspectCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Hugging Face folder of a model, or its config.json; weights may be missing." };
        var json = new Option<bool>("--json") { Description = "Writes JSON." };
        var command = new Command("inspect", "Says what a model folder holds and what can be done with it; reads no weights.") { model, json };
        command.SetAction(parsed =>
        {
            ModelReport report = ModelReport.Read(parsed.GetRequiredValue(model));
            Console.Write(parsed.GetValue(json) ? RunJson.ToText(report) : ReportText.Draw(report));
            return report.Weights is { IsComplete: false } ? ExitCode.Negative : ExitCode.Success;
        });
        return command;
    }
}
