using System.Text.Json;
using System.Text.Json.Serialization;
using E3Scale.MoE;
using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Search;

/// <summary>mask.json: which layers stay, and which of them without one of their branches.</summary>
public sealed record MaskResult : IJsonOnDeserialized
{
    /// <summary>Version that is written.</summary>
    internal const int NewestVersion = 2;

    /// <summary>Version of the file: 2, since there are <see cref="DroppedBranches"/>; 1, all layers being whole, in files that do not say.</summary>
    [JsonPropertyName("version")]
    public int Version { get; init; } = 1;

    /// <summary>Layers of the teacher.</summary>
    [JsonPropertyName("layers")]
    public required int Layers { get; init; }

    /// <summary>What was chosen among, and what <see cref="Scores"/> has an entry for. Default, and in files that do not say: layers.</summary>
    [JsonPropertyName("units")]
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>Layers of which at least one branch stays, ascending.</summary>
    [JsonPropertyName("kept")]
    public required int[] Kept { get; init; }

    /// <summary>Layers that go, ascending.</summary>
    [JsonPropertyName("dropped")]
    public required int[] Dropped { get; init; }

    /// <summary>Kept layers of which one branch goes. Default: none.</summary>
    [JsonPropertyName("dropped_branches")]
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>Layers that stay whatever their score; null in files that do not say.</summary>
    [JsonPropertyName("protected")]
    public int[]? ProtectedLayers { get; init; }

    /// <summary>Final score of every layer, or other unit; larger means keep.</summary>
    [JsonPropertyName("scores")]
    public required double[] Scores { get; init; }

    /// <summary>Score of the worst kept layer minus that of the best dropped one, protected layers aside; how clear the choice was.</summary>
    [JsonPropertyName("gap")]
    public required double Gap { get; init; }

    /// <summary>Field of importance.json that the scores started from; null (default) in files that do not say, and of methods without scores.</summary>
    [JsonPropertyName("started_from")]
    public string? StartedFrom { get; init; }

    /// <summary>How the loss chose a mask before a search or at its end; null (default) where it did not.</summary>
    [JsonPropertyName("refinement")]
    public MaskRefinementResult? Refinement { get; init; }

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

    /// <summary>Refuses a file that this program would misread.</summary>
    /// <exception cref="JsonException">It is of a newer version, or its branches are not of kept layers.</exception>
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Version > NewestVersion)
            throw new JsonException($"version {Version}, written by a newer E3Scale; this one reads up to {NewestVersion}");
        int[] halves = [.. DroppedBranches.Attention, .. DroppedBranches.Mlp];
        if (DroppedBranches.Misplaced(Layers).Concat(halves.Except(Kept)).ToArray() is [int wrong, ..])
            throw new JsonException($"dropped_branches names layer {wrong}, expected kept layers, each once");
    }

    /// <summary>How clear a choice was: <see cref="Gap"/>.</summary>
    /// <param name="scores">[L]; larger means keep.</param>
    /// <param name="dropped">Layers, or other units, that go.</param>
    /// <param name="protectedLayers">Those whose scores took no part in the choice.</param>
    internal static double GapOf(IReadOnlyList<double> scores, IReadOnlyCollection<int> dropped, IReadOnlyCollection<int> protectedLayers)
    {
        double[] rivals =
        [
            .. Enumerable.Range(0, scores.Count).Where(layer => !dropped.Contains(layer) && !protectedLayers.Contains(layer)).Select(layer => scores[layer]),
        ];
        return rivals.Length > 0 && dropped.Count > 0 ? rivals.Min() - dropped.Max(layer => scores[layer]) : 0;
    }
}
