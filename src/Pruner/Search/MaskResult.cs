using System.Text.Json.Serialization;
using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Search;

/// <summary>mask.json: which layers stay.</summary>
public sealed record MaskResult
{
    /// <summary>Layers of the teacher.</summary>
    [JsonPropertyName("layers")]
    public required int Layers { get; init; }

    /// <summary>Layers that stay, ascending.</summary>
    [JsonPropertyName("kept")]
    public required int[] Kept { get; init; }

    /// <summary>Layers that go, ascending.</summary>
    [JsonPropertyName("dropped")]
    public required int[] Dropped { get; init; }

    /// <summary>Layers that stay whatever their score; null in files that do not say.</summary>
    [JsonPropertyName("protected")]
    public int[]? ProtectedLayers { get; init; }

    /// <summary>Final score of every layer; larger means keep.</summary>
    [JsonPropertyName("scores")]
    public required double[] Scores { get; init; }

    /// <summary>Score of the worst kept layer minus that of the best dropped one, protected layers aside; how clear the choice was.</summary>
    [JsonPropertyName("gap")]
    public required double Gap { get; init; }

    /// <summary>What chose.</summary>
    [JsonPropertyName("method")]
    public required string Method { get; init; }

    /// <summary>Layers in the order in which the method let them go; empty (default) where it has no order.</summary>
    [JsonPropertyName("drop_order")]
    public int[] DropOrder { get; init; } = [];

    /// <summary>For a method that merges layers, into which each of them went, in the order of <see cref="DropOrder"/>; empty (default) for others.</summary>
    [JsonPropertyName("merges")]
    public LayerMerge[] Merges { get; init; } = [];

    /// <summary>Positions that training went through until here.</summary>
    [JsonPropertyName("tokens")]
    public required long Tokens { get; init; }

    /// <summary>Steps of the search: recovery goes on from here.</summary>
    [JsonPropertyName("steps")]
    public required int Steps { get; init; }

    /// <summary>Those of them without effect, because loss or gradient was not finite. Default 0.</summary>
    [JsonPropertyName("skipped_steps")]
    public long SkippedSteps { get; init; }

    /// <summary>
    /// Positions that calibration text went through without training, each counted by the share of the teacher's layers it met. Default 0.
    /// </summary>
    [JsonPropertyName("forward_tokens")]
    public double ForwardTokens { get; init; }

    /// <summary>
    /// Positions that calibration text went through forward and backward for gradients, while no weight changed for good. Default 0.
    /// </summary>
    [JsonPropertyName("gradient_tokens")]
    public double GradientTokens { get; init; }

    /// <summary>How clear a choice was: <see cref="Gap"/>.</summary>
    /// <param name="scores">[L]; larger means keep.</param>
    /// <param name="dropped">Layers that go.</param>
    /// <param name="protectedLayers">Layers whose scores took no part in the choice.</param>
    internal static double GapOf(IReadOnlyList<double> scores, IReadOnlyCollection<int> dropped, IReadOnlyCollection<int> protectedLayers)
    {
        double[] rivals =
        [
            .. Enumerable.Range(0, scores.Count).Where(layer => !dropped.Contains(layer) && !protectedLayers.Contains(layer)).Select(layer => scores[layer]),
        ];
        return rivals.Length > 0 && dropped.Count > 0 ? rivals.Min() - dropped.Max(layer => scores[layer]) : 0;
    }
}
