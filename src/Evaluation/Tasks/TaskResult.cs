using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Tasks;

/// <summary>What a model reached on a task.</summary>
public sealed record TaskResult
{
    /// <summary>Name of the task.</summary>
    [JsonPropertyName("task")]
    public required string Task { get; init; }

    /// <summary>File of items, without its folder.</summary>
    [JsonPropertyName("file")]
    public required string File { get; init; }

    /// <summary>Items scored.</summary>
    [JsonPropertyName("n")]
    public required int Items { get; init; }

    /// <summary>Solved items before each question.</summary>
    [JsonPropertyName("shots")]
    public required int Shots { get; init; }

    /// <summary>Which of the figures the paper reports: acc, acc_norm or exact_match.</summary>
    [JsonPropertyName("metric")]
    public required string Metric { get; init; }

    /// <summary>Share of items whose likeliest choice is right; null for tasks that are answered by generation.</summary>
    [JsonPropertyName("acc")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Accuracy { get; init; }

    /// <summary>Standard error of <see cref="Accuracy"/>.</summary>
    [JsonPropertyName("acc_stderr")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AccuracyError => ErrorOf(Accuracy);

    /// <summary>The same with log-likelihoods divided by the number of characters of the choice; null where the harness has none.</summary>
    [JsonPropertyName("acc_norm")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NormalizedAccuracy { get; init; }

    /// <summary>Standard error of <see cref="NormalizedAccuracy"/>.</summary>
    [JsonPropertyName("acc_norm_stderr")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NormalizedAccuracyError => ErrorOf(NormalizedAccuracy);

    /// <summary>Share of generated answers that equal the right one; null for choice tasks.</summary>
    [JsonPropertyName("exact_match")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExactMatch { get; init; }

    /// <summary>Standard error of <see cref="ExactMatch"/>.</summary>
    [JsonPropertyName("exact_match_stderr")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExactMatchError => ErrorOf(ExactMatch);

    /// <summary>Accuracy of each part that the task is made of, such as MMLU's subjects; null for tasks without parts.</summary>
    [JsonPropertyName("groups")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, GroupResult>? Groups { get; init; }

    /// <summary>The figure that <see cref="Metric"/> names.</summary>
    [JsonIgnore]
    public double Headline => (Metric switch
    {
        "acc" => Accuracy,
        "acc_norm" => NormalizedAccuracy,
        _ => ExactMatch,
    })!.Value;

    /// <summary>Standard error of <see cref="Headline"/>.</summary>
    [JsonIgnore]
    public double HeadlineError => ErrorOf(Headline)!.Value;

    /// <summary>Each item by itself, in the order of the file; not part of the summary.</summary>
    [JsonIgnore]
    public IReadOnlyList<TaskItemResult> Records { get; init; } = [];

    private double? ErrorOf(double? share) => share is { } p ? Math.Sqrt(p * (1 - p) / Items) : null;
}

/// <summary>A part of a task.</summary>
/// <param name="Accuracy">Share of items whose likeliest choice is right.</param>
/// <param name="Items">Items of the part.</param>
public sealed record GroupResult([property: JsonPropertyName("acc")] double Accuracy, [property: JsonPropertyName("n")] int Items);

/// <summary>What became of one item.</summary>
public sealed record TaskItemResult
{
    /// <summary>Number of the item in its file, from 0.</summary>
    [JsonPropertyName("index")]
    public required int Index { get; init; }

    /// <summary>Whether the task's headline figure counts it as right.</summary>
    [JsonPropertyName("right")]
    public required bool IsRight { get; init; }

    /// <summary>The right choice, or the right answer.</summary>
    [JsonPropertyName("gold")]
    public required string Gold { get; init; }

    /// <summary>The likeliest choice, or what was read from the generated text; null when there was nothing to be read.</summary>
    [JsonPropertyName("answer")]
    public required string? Answer { get; init; }

    /// <summary>Log-likelihood of each choice, nats.</summary>
    [JsonPropertyName("log_likelihoods")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? LogLikelihoods { get; init; }

    /// <summary>The generated text.</summary>
    [JsonPropertyName("text")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}
