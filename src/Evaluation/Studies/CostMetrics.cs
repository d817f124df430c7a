using E3Scale.Evaluation.Report.RunFiles;

namespace E3Scale.Evaluation.Studies;

/// <summary>What a student took: tokens, seconds and memory of its selection, of what had to be there before, and of its recovery.</summary>
/// <remarks>Tokens are positions that went through a model over all ranks; a part of its layers counts as that part.</remarks>
internal static class CostMetrics
{
    private const string Reference = "e3-pruner", ReferenceName = "E3-Pruner's";

    private static readonly string[] PreparingStages = ["capture", "importance"];

    private static readonly StudyMetric SelectionTokens = OfStage("search_tokens", "selection, tokens", "search", StudyFormat.Count, cost => cost.Tokens);

    private static readonly StudyMetric PreparationTokens =
        new("prepare_tokens", "capture and importance, tokens", StudyFormat.Count, run => Preparing(run, cost => cost.Tokens ?? 0));

    private static readonly StudyMetric[] Always =
    [
        SelectionTokens,
        new("search_forward_tokens", "of them forward only", StudyFormat.Count, run => run.Input.Mask?.ForwardTokens),
        new("search_trained_tokens", "forward and backward", StudyFormat.Count, run => run.Input.Mask is { } mask ? mask.Tokens + mask.GradientTokens : null),
        OfStage("search_seconds", "selection, s", "search", new StudyFormat(1), cost => cost.Seconds),
        OfStage("search_peak_memory_bytes", "selection, peak memory of a rank, MiB", "search", StudyFormat.Mebibytes, cost => cost.PeakMemoryBytes),
        PreparationTokens,
        new("prepare_seconds", "capture and importance, s", new StudyFormat(1), run => Preparing(run, cost => cost.Seconds)),
    ];

    private static readonly StudyMetric[] Recovery =
    [
        OfRecovery("recovery_tokens", "recovery, tokens", StudyFormat.Count, cost => cost.Tokens),
        OfRecovery("recovery_seconds", "recovery, s", new StudyFormat(1), cost => cost.Seconds),
        OfRecovery("recovery_peak_memory_bytes", "recovery, peak memory of a rank, MiB", StudyFormat.Mebibytes, cost => cost.PeakMemoryBytes),
    ];

    /// <summary>The metrics of a study: where one of its arms is E3-Pruner, among others, selections are compared with it too.</summary>
    public static IReadOnlyList<StudyMetric> Of(StudyResult study)
    {
        string[] arms = [.. study.Runs.Where(run => run.Input.Mask?.Method == Reference).Select(run => run.Arm).Distinct()];
        if (arms.Length != 1 || study.Arms.Count == 1)
            return [.. Always, .. Recovery];
        return
        [
            .. Always,
            new("search_tokens_ratio", $"selection, of {ReferenceName} tokens", new StudyFormat(2), run => Ratio(study, run, arms[0], SelectionTokens.OfRun)),
            new("search_and_prepare_tokens_ratio", "with capture and importance", new StudyFormat(2), run => Ratio(study, run, arms[0], All)),
            .. Recovery,
        ];
    }

    private static double? All(StudyRun run) => SelectionTokens.OfRun(run) + (PreparationTokens.OfRun(run) ?? 0);

    private static double? Ratio(StudyResult study, StudyRun run, string arm, Func<StudyRun, double?> value) =>
        study.Of(run.Column, arm).FirstOrDefault(other => other.Seed == run.Seed) is { } reference && value(reference) is > 0 and { } tokens
            ? value(run) / tokens
            : null;

    private static double? Preparing(StudyRun run, Func<StageCostEntry, double> value)
    {
        StageCostEntry[] stages = [.. PreparingStages.Select(stage => run.Input.Summary?.Cost.GetValueOrDefault(stage)).OfType<StageCostEntry>()];
        return stages.Length > 0 ? stages.Sum(value) : null;
    }

    /// <summary>Without a recovery the stage passes the model on: there is nothing to be compared.</summary>
    private static StudyMetric OfRecovery(string name, string header, StudyFormat format, Func<StageCostEntry, double?> value) =>
        OfStage(name, header, "distill", format, cost => cost.Tokens > 0 ? value(cost) : null);

    private static StudyMetric OfStage(string name, string header, string stage, StudyFormat format, Func<StageCostEntry, double?> value) =>
        new(name, header, format, run => run.Input.Summary?.Cost.GetValueOrDefault(stage) is { } cost ? value(cost) : null);
}
