using E3Scale.Kernels;
using E3Scale.Mpi;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Compensation;

// Shape suffixes in this file: B = sequences of a batch, T = positions, H = hidden, S = calibration sequences.

/// <summary>
/// Mean absolute value of every channel of the residual stream, sequence by sequence, at two places of a model. The places may lie on different
/// ranks, and so may the sequences; each pair is measured by one.
/// </summary>
/// <param name="sequences">Numbers of the calibration sequences.</param>
/// <param name="hidden">Channels, H.</param>
internal sealed class StreamMagnitudes(IEnumerable<long> sequences, int hidden)
{
    private readonly Dictionary<long, int> _rowOf = sequences.Select((sequence, row) => (sequence, row)).ToDictionary(pair => pair.sequence, pair => pair.row);
    private double[]? _before_SH, _behind_SH;

    /// <summary>Takes the stream before what is cut out.</summary>
    /// <param name="batch">Sequences of the batch.</param>
    /// <param name="stream_BTH">[B, T, H].</param>
    public void AddBefore(long[] batch, Tensor stream_BTH) => Add(_before_SH ??= new double[_rowOf.Count * hidden], batch, stream_BTH);

    /// <summary>Takes the stream behind it.</summary>
    /// <param name="batch">Sequences of the batch.</param>
    /// <param name="stream_BTH">[B, T, H].</param>
    public void AddBehind(long[] batch, Tensor stream_BTH) => Add(_behind_SH ??= new double[_rowOf.Count * hidden], batch, stream_BTH);

    /// <summary>
    /// Mean over the sequences of the ratio behind / before, channel by channel; 1 in a channel that is 0 before. Collective over the ranks.
    /// </summary>
    /// <param name="world">All ranks that measured.</param>
    /// <returns>[H].</returns>
    public double[] MeanRatios(Communicator world)
    {
        double[] before_SH = _before_SH ?? new double[_rowOf.Count * hidden], behind_SH = _behind_SH ?? new double[_rowOf.Count * hidden];
        world.AllReduce<double>(before_SH, ReduceOperation.Sum);
        world.AllReduce<double>(behind_SH, ReduceOperation.Sum);
        var ratio_H = new double[hidden];
        for (int i = 0; i < before_SH.Length; i++)
            ratio_H[i % hidden] += (before_SH[i] > 0 ? behind_SH[i] / before_SH[i] : 1) / _rowOf.Count;
        return ratio_H;
    }

    private void Add(double[] target_SH, long[] batch, Tensor stream_BTH)
    {
        using var scope = NewDisposeScope();
        var mean_BH = stream_BTH.to_type(ScalarType.Float32).abs().mean([1]).cpu().contiguous();
        var values = TensorMemory.AsSpan<float>(mean_BH);
        for (int b = 0; b < batch.Length; b++)
            for (int h = 0; h < hidden; h++)
                target_SH[_rowOf[batch[b]] * hidden + h] = values[b * hidden + h];
    }
}
