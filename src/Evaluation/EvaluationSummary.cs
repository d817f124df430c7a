using System.Text.Json.Serialization;
using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Tasks;
using E3Scale.MoE;

namespace E3Scale.Evaluation;

/// <summary>eval/summary.json.</summary>
public sealed record EvaluationSummary
{
    /// <summary>The model before pruning.</summary>
    [JsonPropertyName("teacher")]
    public required ModelScores Teacher { get; init; }

    /// <summary>The teacher without the dropped layers, not recovered.</summary>
    [JsonPropertyName("pruned")]
    public required ModelScores Pruned { get; init; }

    /// <summary>The exported student.</summary>
    [JsonPropertyName("student")]
    public required ModelScores Student { get; init; }

    /// <summary>Share of the loss gap between pruned model and teacher that recovery closed; null when there is no gap.</summary>
    [JsonPropertyName("recovered_share")]
    public double? RecoveredShare { get; init; }

    /// <summary>Layers of the teacher that were dropped.</summary>
    [JsonPropertyName("dropped_layers")]
    public required IReadOnlyList<int> DroppedLayers { get; init; }

    /// <summary>Branches of the teacher's other layers that were dropped.</summary>
    [JsonPropertyName("dropped_branches")]
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>Dense layers at the front of the teacher.</summary>
    [JsonPropertyName("dense_layers")]
    public int DenseLayers { get; init; }

    /// <summary>What the teacher's logits take on disk.</summary>
    [JsonPropertyName("store")]
    public StoreSize? Store { get; init; }

    /// <summary>What each stage cost.</summary>
    [JsonPropertyName("cost")]
    public required IReadOnlyDictionary<string, StageCost> Cost { get; init; }
}

/// <summary>One model's scores.</summary>
public sealed record ModelScores
{
    /// <summary>Transformer layers.</summary>
    [JsonPropertyName("layers")]
    public required int Layers { get; init; }

    /// <summary>Parameters.</summary>
    [JsonPropertyName("parameters")]
    public required long Parameters { get; init; }

    /// <summary>Mean next-token loss on the held-out corpus, nats.</summary>
    [JsonPropertyName("heldout_loss")]
    public required double HeldOutLoss { get; init; }

    /// <summary>Share of held-out tokens that are the model's first choice.</summary>
    [JsonPropertyName("token_accuracy")]
    public required double TokenAccuracy { get; init; }

    /// <summary>Share of arithmetic problems answered exactly, by greedy generation; null when the task was left out.</summary>
    [JsonPropertyName("exact_match")]
    public double? ExactMatch { get; init; }

    /// <summary>Standard error of <see cref="ExactMatch"/>.</summary>
    [JsonPropertyName("exact_match_stderr")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExactMatchError { get; init; }

    /// <summary>Arithmetic problems by length of their reasoning, and with several tries; null when they were left out.</summary>
    [JsonPropertyName("chains")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChainResult? Chains { get; init; }

    /// <summary>Positions per second of the forward pass over the held-out corpus, on this mesh.</summary>
    [JsonPropertyName("tokens_per_second")]
    public required double TokensPerSecond { get; init; }

    /// <summary>Share of held-out tokens whose first choice is the teacher's; null for the teacher.</summary>
    [JsonPropertyName("agreement_top1")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AgreementTop1 { get; init; }

    /// <summary>Mean KL(teacher || model) over held-out tokens, full vocabulary, nats; null for the teacher.</summary>
    [JsonPropertyName("kl_to_teacher")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? KlToTeacher { get; init; }

    /// <summary>Mean Jensen-Shannon divergence of model and teacher over held-out tokens, full vocabulary, nats; null for the teacher.</summary>
    [JsonPropertyName("js_to_teacher")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? JsToTeacher { get; init; }

    /// <summary>
    /// Spearman's correlation, over held-out tokens, of the log-probabilities that model and teacher give the text's tokens; null for the
    /// teacher, and where it is not defined.
    /// </summary>
    [JsonPropertyName("rank_correlation")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RankCorrelation { get; init; }

    /// <summary>Results of benchmark tasks, in the order asked for; null when none was.</summary>
    [JsonPropertyName("tasks")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TaskResult>? Tasks { get; init; }

    /// <summary>The same items, answered by the teacher and this model; null for the teacher.</summary>
    [JsonPropertyName("tasks_against_teacher")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TaskComparison>? TasksAgainstTeacher { get; init; }
}

/// <summary>Size of a logit store.</summary>
/// <param name="Tokens">Positions stored.</param>
/// <param name="Bytes">Bytes of all shards.</param>
/// <param name="BytesPerToken">Their quotient.</param>
public sealed record StoreSize(
    [property: JsonPropertyName("tokens")] long Tokens,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("bytes_per_token")] double BytesPerToken);
