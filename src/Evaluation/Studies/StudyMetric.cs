using E3Scale.Evaluation.Report.RunFiles;

namespace E3Scale.Evaluation.Studies;

/// <summary>One number that a run is judged by.</summary>
/// <param name="Name">Its name in study.csv and study.json.</param>
/// <param name="Header">Head of its column in tables.</param>
/// <param name="Format">How tables write it.</param>
/// <param name="OfRun">Takes it from a run; null where it was not measured.</param>
public sealed record StudyMetric(string Name, string Header, StudyFormat Format, Func<StudyRun, double?> OfRun)
{
    /// <summary>The same quantity of the unpruned teacher; null where it has none.</summary>
    public Func<StudyRun, double?>? OfTeacher { get; init; }

    /// <summary>Loss on held-out text, the first of <see cref="Quality"/>.</summary>
    public static StudyMetric HeldOutLoss { get; } = OfModels("heldout_loss", "held-out loss, nats", new StudyFormat(4), model => model.HeldoutLoss);

    /// <summary>Share of generated problems with exactly the right answer.</summary>
    public static StudyMetric ExactMatch { get; } = OfModels("exact_match", "exact match, %", StudyFormat.Percent, model => model.ExactMatch);

    /// <summary>How good the student is, whatever it was asked.</summary>
    public static IReadOnlyList<StudyMetric> Quality { get; } =
    [
        HeldOutLoss,
        // Each seed has held-out sequences of its own: the teacher's loss on them varies more than methods differ.
        new(
            "loss_above_teacher", "above the teacher's", new StudyFormat(4),
            run => run.Input.Summary is { } summary ? summary.Student.HeldoutLoss - summary.Teacher.HeldoutLoss : null),
        new("pruned_loss", "loss before recovery", new StudyFormat(4), run => run.Input.Summary?.Pruned.HeldoutLoss),
        new("recovered_share", "of the gap recovered, %", StudyFormat.Percent, run => run.Input.Summary?.RecoveredShare),
        OfModels("token_accuracy", "token accuracy, %", StudyFormat.Percent, model => model.TokenAccuracy),
        ExactMatch,
        OfModels("agreement_top1", "top-1 agreement, %", StudyFormat.Percent, model => model.AgreementTop1),
        OfModels("kl_to_teacher", "KL to teacher, nats", new StudyFormat(4), model => model.KlToTeacher),
        OfModels("js_to_teacher", "JS to teacher, nats", new StudyFormat(4), model => model.JsToTeacher),
        OfModels("rank_correlation", "rank correlation", new StudyFormat(4), model => model.RankCorrelation),
        new("speedup", "speed-up", new StudyFormat(2), run => run.Input.Summary?.Student.TokensPerSecond / run.Input.Summary?.Teacher.TokensPerSecond),
    ];

    /// <summary>All that a study has: quality, benchmark tasks, reasoning chains, cost.</summary>
    /// <param name="study">Its runs say which tasks and chains there are.</param>
    public static IReadOnlyList<StudyMetric> Of(StudyResult study) =>
    [
        .. Quality,
        .. TaskMetrics.Of(study),
        .. ChainMetrics.Lengths(study).Select(entry => entry.Metric),
        .. ChainMetrics.Passes(study).Select(entry => entry.Metric),
        .. ChainMetrics.Majorities(study).Select(entry => entry.Metric),
        .. CostMetrics.Of(study),
    ];

    /// <summary>A figure that the student and the teacher both have.</summary>
    internal static StudyMetric OfModels(string name, string header, StudyFormat format, Func<ModelResult, double?> value) =>
        new(name, header, format, run => run.Input.Summary is { } summary ? value(summary.Student) : null)
        {
            OfTeacher = run => run.Input.Summary is { } summary ? value(summary.Teacher) : null,
        };
}
