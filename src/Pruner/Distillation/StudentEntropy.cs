using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = tokens, n = tokens of a chunk, V = vocabulary.

/// <summary>Entropy of the student's distribution, without graph.</summary>
public static class StudentEntropy
{
    private const int ChunkTokens = 256; // bounds the float32 copy of the logits that a large vocabulary makes

    /// <summary>The entropy of every token, in nats.</summary>
    /// <param name="logits_NV">Student logits, [N, V], of the vocabulary or of the stored ids alone; their graph is not extended.</param>
    /// <param name="entropy_N">Receives the entropies, [N].</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public static void Compute(Tensor logits_NV, Span<float> entropy_N)
    {
        ArgumentNullException.ThrowIfNull(logits_NV);
        int tokens = (int)logits_NV.shape[0];
        if (entropy_N.Length != tokens)
            throw new ArgumentException($"logits of {tokens} tokens with {entropy_N.Length} places for entropies", nameof(entropy_N));
        using var _ = no_grad();
        for (int first = 0; first < tokens; first += ChunkTokens)
        {
            using var scope = NewDisposeScope();
            int count = Math.Min(ChunkTokens, tokens - first);
            var logits_nV = logits_NV.narrow(0, first, count);
            var logProbability_nV = nn.functional.log_softmax(logits_nV.to_type(ScalarType.Float32), -1);
            var chunk_n = (logProbability_nV.exp() * logProbability_nV).sum(-1).neg().clamp(min: 0).cpu();
            chunk_n.data<float>().ToArray().CopyTo(entropy_N[first..]);
        }
    }
}
