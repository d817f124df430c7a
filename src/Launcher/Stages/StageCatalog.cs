namespace E3Scale.Launcher.Stages;

/// <summary>All stages of the pipeline, in the order a whole run takes them.</summary>
public static class StageCatalog
{
    /// <summary>Every stage that has a command, each after those it needs.</summary>
    public static IReadOnlyList<IStage> All { get; } =
    [
        new CorpusStage(), new CaptureStep(), new ImportanceStep(), new SearchStep(), new CompensateStep(), new DistillStep(), new ExportStep(), new EvaluateStep(),
        new ReportStep(), new PretrainStep(),
    ];

    /// <summary>Names of the stages whose result is a whole run: what <c>e3scale run</c> brings up to date.</summary>
    public static IReadOnlyList<string> WholeRun { get; } = ["report"];
}
