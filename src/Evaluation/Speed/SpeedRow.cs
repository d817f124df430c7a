using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Speed;

/// <summary>Both models at one batch size. Ratios are before over after, taken round by round, the median of them.</summary>
public sealed record SpeedRow
{
    /// <summary>Texts that are generated at the same time on a replica.</summary>
    [JsonPropertyName("batch")]
    public required int Batch { get; init; }

    /// <summary>Before pruning.</summary>
    [JsonPropertyName("before")]
    public required SpeedFigures Before { get; init; }

    /// <summary>After pruning.</summary>
    [JsonPropertyName("after")]
    public required SpeedFigures After { get; init; }

    /// <summary>Of the times to the first token.</summary>
    [JsonPropertyName("ttft_ratio")]
    public required double FirstTokenRatio { get; init; }

    /// <summary>Of the times per output token.</summary>
    [JsonPropertyName("tpot_ratio")]
    public required double PerTokenRatio { get; init; }

    /// <summary>Of the layers' part of the prompt, which L / L' is the ideal for.</summary>
    [JsonPropertyName("prefill_blocks_ratio")]
    public required double PrefillBlocksRatio { get; init; }

    /// <summary>Of the layers' part of an output token.</summary>
    [JsonPropertyName("decode_blocks_ratio")]
    public required double DecodeBlocksRatio { get; init; }

    internal static SpeedRow Of(int batch, IReadOnlyList<GenerationTiming> before, IReadOnlyList<GenerationTiming> after)
    {
        double Ratio(Func<GenerationTiming, double> time) => SpeedFigures.Median(before.Zip(after, (left, right) => time(left) / time(right)));
        return new SpeedRow
        {
            Batch = batch,
            Before = SpeedFigures.Of(before),
            After = SpeedFigures.Of(after),
            FirstTokenRatio = Ratio(timing => timing.FirstToken),
            PerTokenRatio = Ratio(timing => timing.PerToken),
            PrefillBlocksRatio = Ratio(timing => timing.PrefillBlocks),
            DecodeBlocksRatio = Ratio(timing => timing.DecodeBlocks),
        };
    }
}
