using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Report.RunFiles;

/// <summary>What was measured on one model; what was not measured is null.</summary>
public sealed record ModelResult
{
    /// <summary>Decoder layers.</summary>
    public int? Layers { get; init; }

    /// <summary>Parameters.</summary>
    public long? Parameters { get; init; }

    /// <summary>Mean negative log-likelihood on held-out text, nats per token.</summary>
    public double? HeldoutLoss { get; init; }

    /// <summary>Share of held-out tokens that are the most likely one, 0..1.</summary>
    public double? TokenAccuracy { get; init; }

    /// <summary>Share of generated answers that are exactly right, 0..1.</summary>
    public double? ExactMatch { get; init; }

    /// <summary>Arithmetic problems by length of their reasoning, and with several tries; null when they were left out.</summary>
    public ChainResult? Chains { get; init; }

    /// <summary>Tokens per second of the evaluation's forward pass.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Share of held-out tokens with the teacher's most likely token, 0..1.</summary>
    public double? AgreementTop1 { get; init; }

    /// <summary>Mean KL divergence of the teacher from this model, nats per token.</summary>
    public double? KlToTeacher { get; init; }

    /// <summary>Mean Jensen-Shannon divergence of teacher and this model, nats per token.</summary>
    public double? JsToTeacher { get; init; }

    /// <summary>Spearman's correlation with the teacher of the log-probabilities of held-out tokens.</summary>
    public double? RankCorrelation { get; init; }

    /// <summary>Results of benchmark tasks; null when none was run.</summary>
    public IReadOnlyList<TaskResult>? Tasks { get; init; }

    /// <summary>The same items, answered by the teacher and this model.</summary>
    public IReadOnlyList<TaskComparison>? TasksAgainstTeacher { get; init; }
}
