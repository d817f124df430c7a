using E3Scale.Evaluation.Report;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Stages;

/// <summary>Writes report.html from what the other stages left.</summary>
internal sealed class ReportStep : IStage
{
    public string Name => "report";

    public string FolderName => "report";

    public string Description => "Writes report.html: comparison, mask trajectory, losses, cost of the store.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["evaluate"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 1).AddUpstream(folder, RunFiles.EvaluateFolder).Finish();

    public StageResult Run(StageContext context)
    {
        if (context.Environment.IsRoot)
            ReportWriter.Write(ReportInput.Load(context.Folder.Root), context.Folder.ReportFile);
        return new StageResult([Path.GetFileName(context.Folder.ReportFile)], 0);
    }
}
