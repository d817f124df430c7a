using E3Scale.Evaluation.Report;
using E3Scale.Evaluation.Report.RunFiles;

namespace E3Scale.Evaluation.Studies;

/// <summary>One number that a run is judged by.</summary>
/// <param name="Name">Its name in study.csv and study.json.</param>
/// <param name="Header">Head of its column in tables.</param>
/// <param name="Format">How tables write it.</param>
/// <param name="OfRun">Takes it from a run; null where it was not measured.</param>
public sealed record StudyMetric(string Name, string Header, StudyFormat Format, Func<ReportInput, double?> OfRun)
{
    /// <summary>The same quantity of the unpruned teacher; null where it has none.</summary>
    public Func<ReportInput, double?>? OfTeacher { get; init; }

    /// <summary>How good the student is.</summary>
    public static IReadOnlyList<StudyMetric> Quality { get; } =
    [
        OfModels("heldout_loss", "held-out loss, nats", new StudyFormat(4), model => model.HeldoutLoss),
        new("pruned_loss", "loss before recovery", new StudyFormat(4), run => run.Summary?.Pruned.HeldoutLoss),
        new("recovered_share", "of the gap recovered, %", StudyFormat.Percent, run => run.Summary?.RecoveredShare),
        OfModels("token_accuracy", "token accuracy, %", StudyFormat.Percent, model => model.TokenAccuracy),
        OfModels("exact_match", "exact match, %", StudyFormat.Percent, model => model.ExactMatch),
        OfModels("agreement_top1", "top-1 agreement, %", StudyFormat.Percent, model => model.AgreementTop1),
        OfModels("kl_to_teacher", "KL to teacher, nats", new StudyFormat(4), model => model.KlToTeacher),
        OfModels("js_to_teacher", "JS to teacher, nats", new StudyFormat(4), model => model.JsToTeacher),
        OfModels("rank_correlation", "rank correlation", new StudyFormat(4), model => model.RankCorrelation),
        new("speedup", "speed-up", new StudyFormat(2), run => run.Summary?.Student.TokensPerSecond / run.Summary?.Teacher.TokensPerSecond),
    ];

    /// <summary>What the student took.</summary>
    public static IReadOnlyList<StudyMetric> Cost { get; } =
    [
        OfStage("search_tokens", "selection, tokens", "search", StudyFormat.Count, cost => cost.Tokens),
        OfStage("search_seconds", "selection, s", "search", new StudyFormat(0), cost => cost.Seconds),
        OfStage("recovery_tokens", "recovery, tokens", "distill", StudyFormat.Count, cost => cost.Tokens),
        OfStage("recovery_seconds", "recovery, s", "distill", new StudyFormat(0), cost => cost.Seconds),
        new("peak_memory_bytes", "peak memory of a rank, MiB", StudyFormat.Mebibytes, run => run.Summary is { } summary
            ? new[] { "search", "distill" }.Max(stage => (double?)summary.Cost.GetValueOrDefault(stage)?.PeakMemoryBytes)
            : null),
    ];

    private static StudyMetric OfModels(string name, string header, StudyFormat format, Func<ModelResult, double?> value) =>
        new(name, header, format, run => run.Summary is { } summary ? value(summary.Student) : null)
        {
            OfTeacher = run => run.Summary is { } summary ? value(summary.Teacher) : null,
        };

    private static StudyMetric OfStage(string name, string header, string stage, StudyFormat format, Func<StageCostEntry, double?> value) =>
        new(name, header, format, run => run.Summary?.Cost.GetValueOrDefault(stage) is { } cost ? value(cost) : null);
}
