using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden.

/// <summary>Cross-entropy on ids without meaning: the work of a training step whose time is measured and whose result is not.</summary>
/// <param name="decoder">This rank's part of the model.</param>
/// <param name="dataRank">Position on the data axis: replicas work on different ids.</param>
/// <param name="sequences">Of a micro-batch.</param>
/// <param name="positions">Of a sequence.</param>
/// <param name="gate">Layer mask of every micro-batch; null (default) for all layers.</param>
internal sealed class NextTokens(Decoder decoder, int dataRank, int sequences, int positions, LayerGate? gate = null) : IMicroBatchWork
{
    public LayerGate? Gate(int microBatch) => gate;

    public Tensor Ids(int microBatch) => tensor(Labels(microBatch), [sequences, positions]);

    public Tensor Finish(int microBatch, Tensor hidden_BTH) =>
        TokenCrossEntropy.Sum(decoder, hidden_BTH, Labels(microBatch), 1.0 / (sequences * positions));

    private long[] Labels(int microBatch)
    {
        long first = 1_000_003L * (dataRank + 1) * (microBatch + 1);
        return [.. Enumerable.Range(0, sequences * positions).Select(i => (first + i) * 2654435761 % decoder.Config.VocabularySize)];
    }
}
