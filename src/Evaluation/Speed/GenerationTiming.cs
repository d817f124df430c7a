namespace E3Scale.Evaluation.Speed;

/// <summary>How long one generation took, in seconds.</summary>
/// <param name="FirstToken">From the start to the first token (TTFT).</param>
/// <param name="Gaps">From each token to the next one.</param>
/// <param name="PrefillBlocks">Part of the first token's time that the transformer layers took, over all stages.</param>
/// <param name="DecodeBlocks">The same of all further tokens together.</param>
internal sealed record GenerationTiming(double FirstToken, double[] Gaps, double PrefillBlocks, double DecodeBlocks)
{
    /// <summary>Time per output token after the first (TPOT).</summary>
    public double PerToken => Gaps.Average();

    /// <summary><see cref="DecodeBlocks"/> per output token.</summary>
    public double BlocksPerToken => DecodeBlocks / Gaps.Length;
}
