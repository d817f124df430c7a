using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Selection;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Merging;

// Shape suffixes in this file: B = sequences of a batch, T = positions, H = hidden, S = calibration sequences.

/// <summary>
/// The residual stream at the last position of each calibration sequence, before and behind each layer. Layers may lie on different ranks.
/// </summary>
/// <param name="sequences">Numbers of the calibration sequences.</param>
/// <param name="config">The model.</param>
internal sealed class LastPositions(IReadOnlyList<long> sequences, DecoderConfig config)
{
    private readonly Dictionary<long, int> _rowOf =
        sequences.Select((sequence, row) => (sequence, row)).ToDictionary(pair => pair.sequence, pair => pair.row);
    private readonly Dictionary<int, float[]> _before_SH = [], _behind_SH = [];

    /// <summary>Takes a layer's input and output.</summary>
    /// <param name="batch">Sequences of the batch.</param>
    /// <param name="layer">0-based layer.</param>
    /// <param name="input_BTH">[B, T, H].</param>
    /// <param name="output_BTH">[B, T, H].</param>
    public void Add(long[] batch, int layer, Tensor input_BTH, Tensor output_BTH)
    {
        Add(_before_SH, batch, layer, input_BTH);
        Add(_behind_SH, batch, layer, output_BTH);
    }

    /// <summary>
    /// Mean over sequences of arccos(cos(before, behind)) / pi, of each layer and the next one that runs. Collective over the ranks.
    /// </summary>
    /// <param name="isKept">Layers that run, [L].</param>
    /// <param name="world">All ranks that measured.</param>
    /// <returns>[L], at the first of two layers; NaN where there are not two that can be merged.</returns>
    public double[] PairScores(IReadOnlyList<bool> isKept, Communicator world)
    {
        int[] layers = [.. Enumerable.Range(0, isKept.Count).Where(layer => isKept[layer])];
        double[] scores = [.. Enumerable.Repeat(double.NaN, isKept.Count)];
        for (int i = 0; i + 1 < layers.Length; i++)
        {
            if (!MergeableModels.CanMerge(config, layers[i], layers[i + 1]))
                continue;
            float[] before_SH = Reduce(_before_SH, layers[i], world), behind_SH = Reduce(_behind_SH, layers[i + 1], world);
            scores[layers[i]] = Enumerable.Range(0, _rowOf.Count)
                .Average(row => Math.Acos(BlockInfluence.Cosine(Row(before_SH, row), Row(behind_SH, row))) / Math.PI);
        }
        return scores;
    }

    private ReadOnlySpan<float> Row(float[] stream_SH, int row) => stream_SH.AsSpan(row * config.HiddenSize, config.HiddenSize);

    /// <summary>One rank has a sequence's numbers, the others zeros.</summary>
    private float[] Reduce(Dictionary<int, float[]> streams, int layer, Communicator world)
    {
        float[] stream_SH = streams.GetValueOrDefault(layer) ?? new float[_rowOf.Count * config.HiddenSize];
        world.AllReduce<float>(stream_SH, ReduceOperation.Sum);
        return stream_SH;
    }

    private void Add(Dictionary<int, float[]> streams, long[] batch, int layer, Tensor stream_BTH)
    {
        int hidden = config.HiddenSize;
        if (!streams.TryGetValue(layer, out float[]? target_SH))
            streams.Add(layer, target_SH = new float[_rowOf.Count * hidden]);
        var last_BH = ModelProbe.Floats(stream_BTH.narrow(1, stream_BTH.shape[1] - 1, 1));
        for (int b = 0; b < batch.Length; b++)
            last_BH.Slice(b * hidden, hidden).CopyTo(target_SH.AsSpan(_rowOf[batch[b]] * hidden));
    }
}
