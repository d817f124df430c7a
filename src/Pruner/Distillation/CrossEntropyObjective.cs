using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

/// <summary>Next-token cross-entropy: pretraining, and supervised fine-tuning as a baseline of distillation.</summary>
/// <param name="corpus">Training sequences; not owned.</param>
public sealed class CrossEntropyObjective(PackedCorpus corpus) : ITrainingObjective
{
    /// <inheritdoc/>
    public long CountTokens(IReadOnlyList<long> sequences) => TokenBatch.CountScored(corpus, sequences);

    /// <inheritdoc/>
    public Tensor Loss(Decoder decoder, Tensor hidden_BTH, IReadOnlyList<long> sequences, double scale)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        return TokenCrossEntropy.Sum(decoder, hidden_BTH, TokenBatch.Labels(corpus, sequences), scale);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
