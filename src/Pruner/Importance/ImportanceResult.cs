using System.Text.Json.Serialization;
using E3Scale.MoE;

namespace E3Scale.Pruner.Importance;

/// <summary>importance.json: what leaving out each single layer, or each single branch of one, costs.</summary>
public sealed record ImportanceResult
{
    /// <summary>Layers of the teacher.</summary>
    [JsonPropertyName("layers")]
    public required int Layers { get; init; }

    /// <summary>What the arrays have an entry for. Default, and in files that do not say: layers.</summary>
    [JsonPropertyName("units")]
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>For each unit, mean over tokens of KL(teacher || teacher without the unit) in nats, full vocabulary.</summary>
    [JsonPropertyName("kl")]
    public required double[] Kl { get; init; }

    /// <summary>
    /// For each unit, KL(teacher || teacher without it and those let go before it), the cheapest let go first; units that stayed: without all that went
    /// but the last. Never less than what an earlier one cost. In nats; null where it was not asked for.
    /// </summary>
    [JsonPropertyName("kl_greedy")]
    public double[]? GreedyKl { get; init; }

    /// <summary>For each unit, one minus the mean cosine between its input and its output; null in files that do not say.</summary>
    [JsonPropertyName("bi")]
    public double[]? BlockInfluence { get; init; }

    /// <summary>Seconds of each unit in the forward pass of a whole calibration batch: the fastest of four passes, the median over batches; null where they were not measured.</summary>
    [JsonPropertyName("seconds")]
    public double[]? Seconds { get; init; }

    /// <summary>Layers that a search keeps unless told otherwise: the first and the last (E3-Pruner, section 4.3).</summary>
    [JsonPropertyName("protected")]
    public required int[] ProtectedLayers { get; init; }

    /// <summary>Sequences it was measured on.</summary>
    [JsonPropertyName("calibration_sequences")]
    public required int CalibrationSequences { get; init; }

    /// <summary>Tokens it was measured on.</summary>
    [JsonPropertyName("tokens")]
    public required long Tokens { get; init; }

    /// <summary>What it took: positions that went forward, each counted by the share of the teacher's layers it met.</summary>
    [JsonPropertyName("forward_tokens")]
    public double ForwardTokens { get; init; }

    /// <summary>Which teacher.</summary>
    [JsonPropertyName("teacher_hash")]
    public required string TeacherHash { get; init; }
}
