using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Chains;

/// <summary>How well a model answers problems by the length of the reasoning that they take, and with several tries.</summary>
public sealed record ChainResult
{
    /// <summary>Answers drawn for each problem beside the greedy one.</summary>
    [JsonPropertyName("samples")]
    public required int Samples { get; init; }

    /// <summary>Temperature of drawn answers.</summary>
    [JsonPropertyName("temperature")]
    public required double Temperature { get; init; }

    /// <summary>Nucleus of drawn answers.</summary>
    [JsonPropertyName("top_p")]
    public required double TopP { get; init; }

    /// <summary>Each length by itself, ascending.</summary>
    [JsonPropertyName("lengths")]
    public required IReadOnlyList<ChainLengthResult> Lengths { get; init; }

    /// <summary>All lengths together, by number of tries; empty without drawn answers.</summary>
    [JsonPropertyName("tries")]
    public required IReadOnlyList<TriesResult> Tries { get; init; }
}

/// <summary>Problems of one length.</summary>
public sealed record ChainLengthResult
{
    /// <summary>Steps of their chains.</summary>
    [JsonPropertyName("steps")]
    public required int Steps { get; init; }

    /// <summary>Problems.</summary>
    [JsonPropertyName("n")]
    public required int Items { get; init; }

    /// <summary>Share whose greedy answer is exactly right.</summary>
    [JsonPropertyName("exact_match")]
    public required double ExactMatch { get; init; }

    /// <summary>Its standard error sqrt(p (1 - p) / n).</summary>
    [JsonPropertyName("exact_match_stderr")]
    public double ExactMatchError => Math.Sqrt(ExactMatch * (1 - ExactMatch) / Items);

    /// <summary>By number of tries; empty without drawn answers.</summary>
    [JsonPropertyName("tries")]
    public required IReadOnlyList<TriesResult> Tries { get; init; }
}

/// <summary>What several drawn answers to a problem are worth.</summary>
/// <param name="K">Answers.</param>
/// <param name="Pass">pass@k: share of problems that at least one of k answers solves.</param>
/// <param name="PassError">Its standard error over problems; null for a single one.</param>
/// <param name="Majority">maj@k: share of problems that the most frequent of k answers solves.</param>
/// <param name="MajorityError">Its standard error over problems; null for a single one.</param>
public sealed record TriesResult(
    [property: JsonPropertyName("k")] int K,
    [property: JsonPropertyName("pass")] double Pass,
    [property: JsonPropertyName("pass_stderr")] double? PassError,
    [property: JsonPropertyName("majority")] double Majority,
    [property: JsonPropertyName("majority_stderr")] double? MajorityError);
