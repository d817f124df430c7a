using System.Text.Json.Serialization;

namespace E3Scale.Evaluation.Speed;

/// <summary>One model at one batch size, milliseconds.</summary>
/// <param name="FirstToken">Median time to the first token (TTFT).</param>
/// <param name="PerToken">Median time per output token after the first (TPOT).</param>
/// <param name="GapP99">99th percentile of the time between two tokens, over all rounds.</param>
/// <param name="PrefillBlocks">Median of what the transformer layers took of the first token's time.</param>
/// <param name="DecodeBlocks">Median of what they took of an output token's.</param>
public sealed record SpeedFigures(
    [property: JsonPropertyName("ttft_ms")] double FirstToken,
    [property: JsonPropertyName("tpot_ms")] double PerToken,
    [property: JsonPropertyName("itl_p99_ms")] double GapP99,
    [property: JsonPropertyName("prefill_blocks_ms")] double PrefillBlocks,
    [property: JsonPropertyName("decode_blocks_ms")] double DecodeBlocks)
{
    internal static SpeedFigures Of(IReadOnlyList<GenerationTiming> timings) => new(
        1e3 * Median(timings.Select(timing => timing.FirstToken)),
        1e3 * Median(timings.Select(timing => timing.PerToken)),
        1e3 * Quantile([.. timings.SelectMany(timing => timing.Gaps)], 0.99),
        1e3 * Median(timings.Select(timing => timing.PrefillBlocks)),
        1e3 * Median(timings.Select(timing => timing.BlocksPerToken)));

    internal static double Median(IEnumerable<double> values) => Quantile([.. values], 0.5);

    /// <summary>Linear between neighbours, as numpy's default.</summary>
    private static double Quantile(double[] values, double share)
    {
        Array.Sort(values);
        double place = share * (values.Length - 1);
        int below = (int)place;
        return values[below] + (place - below) * (values[Math.Min(below + 1, values.Length - 1)] - values[below]);
    }
}
