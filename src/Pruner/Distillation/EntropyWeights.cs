namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = tokens, K = stored logits per token.

/// <summary>Per-token weights of the adaptive distillation loss from an entropy. Constants: no gradient.</summary>
/// <remarks>E3-Pruner, section 3.3, eq. 6.</remarks>
public sealed record EntropyWeights
{
    /// <summary>The rule from entropy to weight. Default: entropy and a floor, so that sure tokens keep a share.</summary>
    public TokenWeighting Weighting { get; init; } = TokenWeighting.FloorPlusEntropy;

    /// <summary>Whose entropy is used. Default: the teacher's.</summary>
    public EntropyOwner Owner { get; init; } = EntropyOwner.Teacher;

    /// <summary>Which entropy is used.</summary>
    public EntropySource Source { get; init; } = EntropySource.Full;

    /// <summary>Added to the entropy by <see cref="TokenWeighting.FloorPlusEntropy"/>, nats. Default: 1.</summary>
    public double Floor { get; init; } = 1;

    /// <summary>The teacher's entropy of every token by <see cref="Source"/>, in nats.</summary>
    /// <param name="entropy_N">Stored entropies over the full vocabulary, [N]; may be empty for <see cref="EntropySource.TopK"/>.</param>
    /// <param name="logits_NK">Stored teacher logits, [N, k].</param>
    /// <param name="result_N">Receives the entropies, [N].</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Entropies(ReadOnlySpan<float> entropy_N, ReadOnlySpan<float> logits_NK, Span<float> result_N)
    {
        if (Source == EntropySource.Full)
        {
            if (entropy_N.Length != result_N.Length)
                throw new ArgumentException($"{entropy_N.Length} stored entropies for {result_N.Length} tokens", nameof(entropy_N));
            entropy_N.CopyTo(result_N);
            return;
        }
        if (result_N.Length == 0)
            return;
        if (logits_NK.Length == 0 || logits_NK.Length % result_N.Length != 0)
            throw new ArgumentException($"{logits_NK.Length} stored logits for {result_N.Length} tokens", nameof(logits_NK));
        int k = logits_NK.Length / result_N.Length;
        for (int n = 0; n < result_N.Length; n++)
            result_N[n] = (float)TopKEntropy(logits_NK.Slice(n * k, k));
    }

    /// <summary>The weight of every token.</summary>
    /// <param name="entropy_N">Entropies from <see cref="Entropies"/>, [N].</param>
    /// <param name="counted_N">Which tokens count in the loss, [N]; the others get 0. Empty for all.</param>
    /// <param name="meanEntropy">
    /// Mean entropy over the counted tokens of the global batch, all ranks; used by <see cref="TokenWeighting.EntropyOverMean"/> only.
    /// </param>
    /// <param name="weight_N">Receives the weights, [N]; may be the memory of <paramref name="entropy_N"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Weights(ReadOnlySpan<float> entropy_N, ReadOnlySpan<bool> counted_N, double meanEntropy, Span<float> weight_N)
    {
        if (entropy_N.Length != weight_N.Length || (counted_N.Length != 0 && counted_N.Length != weight_N.Length))
            throw new ArgumentException($"{entropy_N.Length} entropies and {counted_N.Length} flags for {weight_N.Length} weights");
        for (int n = 0; n < weight_N.Length; n++)
        {
            double weight = Weighting switch
            {
                TokenWeighting.Entropy => entropy_N[n],
                // A batch of sure tokens only has mean 0 and nothing to stress: then no token has weight.
                TokenWeighting.EntropyOverMean => meanEntropy > 0 ? entropy_N[n] / meanEntropy : 0,
                TokenWeighting.FloorPlusEntropy => Floor + entropy_N[n],
                TokenWeighting.None => 1,
                _ => throw new InvalidOperationException($"{Weighting} is no token weighting"),
            };
            weight_N[n] = counted_N.Length == 0 || counted_N[n] ? (float)weight : 0;
        }
    }

    /// <summary>Entropy of the softmax over a token's stored logits, in nats; between 0 and ln k.</summary>
    /// <param name="logits">The stored logits of one token, [k], k &gt; 0.</param>
    public static double TopKEntropy(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity, sum = 0, weighted = 0;
        foreach (float logit in logits)
            max = Math.Max(max, logit);
        foreach (float logit in logits)
        {
            double e = Math.Exp(logit - max);
            sum += e;
            weighted += e * (logit - max);
        }
        return Math.Max(0, Math.Log(sum) - weighted / sum);
    }
}
