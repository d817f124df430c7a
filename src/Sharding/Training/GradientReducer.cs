using System.Numerics;
using System.Runtime.InteropServices;
using E3Scale.MoE;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>
/// Sums gradients over the ranks that hold the same parameters, bucket by bucket, while the backward pass still runs: a bucket starts as soon
/// as every layer in it has told its gradients complete. Ranks start buckets in the same order whatever their layers do, so that they meet.
/// </summary>
/// <remarks>
/// With and without sharded states the sums are the same reduce-scatter, and so the same bits; without, the reduced blocks are gathered again.
/// Li et al. 2020 (PyTorch distributed: buckets, overlap); Rajbhandari et al. 2020 (ZeRO, stage 1).
/// </remarks>
public sealed class GradientReducer : IGradientListener, IDisposable
{
    private readonly TrainableState _state;
    private readonly Mesh _mesh;
    private readonly (ParameterRegion Region, GradientBucket Bucket)[] _order;
    private readonly bool[] _complete;
    private readonly ProgressThread? _progress;
    private int _started;

    /// <summary>Prepares the buckets of a state.</summary>
    /// <param name="state">Gradients; not owned.</param>
    /// <param name="mesh">The mesh; not owned.</param>
    public GradientReducer(TrainableState state, Mesh mesh)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_state, _mesh) = (state, mesh);
        // Stable: buckets that become ready together keep the order of the regions.
        _order = [.. state.Regions.Where(region => region.Group.Size > 1)
            .SelectMany(region => region.Buckets.Select(bucket => (region, bucket))).OrderBy(item => item.bucket.ReadyAfter)];
        _complete = new bool[state.LastPosition + 1];
        _progress = _order.Length > 0 ? new ProgressThread("gradients") : null;
    }

    /// <inheritdoc/>
    public void LayerDone(int layer)
    {
        for (int position = 0; position < _state.LayersInReverse.Count; position++)
            if (_state.LayersInReverse[position] == layer)
                _complete[position] = true;
        StartComplete();
    }

    /// <summary>Starts what is left, since every backward pass is over, and waits until all gradients are reduced. Collective.</summary>
    public void Finish()
    {
        Array.Fill(_complete, true);
        StartComplete();
        _progress?.Wait();
        Array.Clear(_complete);
        _started = 0;
        foreach (var region in _state.Regions)
        {
            if (region.Group.Size == 1)
                foreach (var bucket in region.Buckets)
                    region.Complete(bucket);
            // Behind the sum over the data ranks: two addends, so both copies get the same bits, and of a share only.
            if (region.Kind == RegionKind.TiedEmbedding)
                _mesh.EndsGroup.AllReduce(region.OwnGradient.Address(0), region.OwnGradient.Length, MpiDataType.Float32, ReduceOperation.Sum);
            if (region.Group.Size > 1 && !region.IsSharded)
                GatherGradients(region);
        }
        _progress?.Wait();
    }

    /// <summary>Sum of squares of the reduced gradient over this rank's blocks; over all ranks each parameter counts once.</summary>
    public double OwnSumOfSquares()
    {
        double sum = 0;
        foreach (var region in _state.Regions)
            if (region.Kind != RegionKind.TiedEmbedding || _mesh.IsFirstStage)
                sum += SumOfSquares(region.OwnGradient);
        return sum;
    }

    /// <inheritdoc/>
    public void Dispose() => _progress?.Dispose();

    private void StartComplete()
    {
        for (; _started < _order.Length; _started++)
        {
            var (region, bucket) = _order[_started];
            if (Array.IndexOf(_complete, false, 0, bucket.ReadyAfter + 1) >= 0)
                return;
            region.Complete(bucket);
            _progress!.Add(region.Group.IReduceScatter(
                region.Gradient.Address(bucket.Offset), region.OwnGradient.Address(region.OwnOffset(bucket)), region.BlockOf(bucket),
                MpiDataType.Float32, ReduceOperation.Sum));
        }
    }

    private void GatherGradients(ParameterRegion region)
    {
        foreach (var bucket in region.Buckets)
            _progress!.Add(region.Group.IAllGather(
                region.OwnGradient.Address(region.OwnOffset(bucket)), region.Gradient.Address(bucket.Offset), region.BlockOf(bucket),
                MpiDataType.Float32));
    }

    private static double SumOfSquares(FlatBuffer values)
    {
        const int Piece = 1 << 24;
        double sum = 0;
        for (long first = 0; first < values.Length; first += Piece)
            sum += SumOfSquares(values.Span(first, (int)Math.Min(Piece, values.Length - first)));
        return sum;
    }

    /// <summary>In float64: a sum of float32 squares overflows and loses digits. Widened in two halves, lower lanes first.</summary>
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        var (lower, upper) = (Vector<double>.Zero, Vector<double>.Zero);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (var vector in vectors)
        {
            Vector.Widen(vector, out var low, out var high);
            lower += low * low;
            upper += high * high;
        }
        double sum = Vector.Sum(lower + upper);
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..])
            sum += (double)value * value;
        return sum;
    }
}
