using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>
/// Parameters that the same ranks hold, laid end to end in the order in which a backward pass finishes their gradients, and cut into
/// buckets. Of each bucket every rank of the group owns one block: there it gets the reduced gradient and, when states are sharded (ZeRO
/// stage 1), it alone keeps master weights and moments.
/// </summary>
/// <remarks>
/// On a GPU backward passes add up there, and buckets come to host memory when they are complete: the non-blocking reductions of MPI take host
/// memory only, and states that are updated there leave the GPU to the model (Ren et al. 2021, ZeRO-Offload).
/// Blocks go by element, not by parameter: shares are equal whatever the sizes, and AdamW treats every element alike.
/// </remarks>
public sealed class ParameterRegion : IDisposable
{
    private readonly List<TrainableSlice> _slices = [];
    private readonly List<GradientBucket> _buckets = [];
    private readonly Dictionary<ModelParameter, GradientSum> _sums = [];
    private readonly Tensor _accumulated;
    private readonly FlatBuffer? _master;

    /// <summary>Lays out parameters; master weights start as their values.</summary>
    /// <param name="kind">Which parameters these are.</param>
    /// <param name="group">The ranks that hold the same ones; not owned.</param>
    /// <param name="parameters">Parameters with the position in the backward pass that completes their gradient, ascending.</param>
    /// <param name="bucketElements">Elements of a bucket, rounded up to a multiple of the group's size.</param>
    /// <param name="sharded">Whether each rank keeps the states of its own blocks only.</param>
    internal ParameterRegion(
        RegionKind kind, Communicator group, IReadOnlyList<(ModelParameter Parameter, int ReadyAfter)> parameters, int bucketElements, bool sharded)
    {
        (Kind, Group, IsSharded) = (kind, group, sharded && group.Size > 1);
        long end = 0;
        foreach (var (parameter, _) in parameters)
        {
            int count = checked((int)parameter.Value.numel());
            _slices.Add(new TrainableSlice(parameter, end, count));
            end += count;
        }
        ElementCount = end;
        long length = RoundUp(end, group.Size);
        for (long first = 0; first < length; first += RoundUp(bucketElements, group.Size))
            _buckets.Add(Cut(first, (int)Math.Min(RoundUp(bucketElements, group.Size), length - first), parameters));
        var device = parameters[0].Parameter.Value.device;
        Gradient = new FlatBuffer(length, pinned: device.type == DeviceType.CUDA);
        _accumulated = device.type == DeviceType.CPU
            ? Gradient.Values
            : zeros(length, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        OwnGradient = group.Size > 1 ? new FlatBuffer(length / group.Size) : Gradient;
        long held = IsSharded ? length / group.Size : length;
        (FirstMoment, SecondMoment) = (new FlatBuffer(held), new FlatBuffer(held));
        GatherType = parameters.All(p => p.Parameter.Value.dtype == ScalarType.BFloat16) ? MpiDataType.BFloat16 : MpiDataType.Float32;
        if (!parameters.All(p => p.Parameter.Value.dtype == ScalarType.Float32 && p.Parameter.Value.device_type == DeviceType.CPU))
        {
            _master = new FlatBuffer(held);
            foreach (var piece in HeldPieces)
                ParameterValues.Read(piece.Parameter, piece.Start, Master(piece));
        }
        foreach (var (parameter, offset, count) in _slices)
        {
            using var scope = NewDisposeScope();
            _sums.Add(parameter, parameter.GradientSum = new GradientSum(parameter.Value, _accumulated.narrow(0, offset, count).view(parameter.Value.shape)));
        }
    }

    /// <summary>Which parameters these are.</summary>
    public RegionKind Kind { get; }

    /// <summary>The ranks that hold the same ones.</summary>
    public Communicator Group { get; }

    /// <summary>True when this rank holds master weights and moments of its own blocks only.</summary>
    public bool IsSharded { get; }

    /// <summary>Elements of all parameters, without padding.</summary>
    public long ElementCount { get; }

    /// <summary>Parameters and where they lie.</summary>
    public IReadOnlyList<TrainableSlice> Slices => _slices;

    /// <summary>In the order of the backward pass.</summary>
    public IReadOnlyList<GradientBucket> Buckets => _buckets;

    /// <summary>
    /// float32 gradients of this rank in host memory, in flat order: no copy of the gradients, and sums in float32 also for a bfloat16 model. On the CPU
    /// backward passes add to it (<see cref="GradientSum"/>); from a GPU it is filled bucket by bucket. What is in it counts once <see cref="Complete"/>
    /// has been called.
    /// </summary>
    public FlatBuffer Gradient { get; }

    /// <summary>Reduced gradients of this rank's blocks, one behind the other; <see cref="Gradient"/> itself in a group of one.</summary>
    public FlatBuffer OwnGradient { get; }

    /// <summary>True when the model's own weights, float32 in host memory, are the ones that count, and no second copy is kept.</summary>
    public bool IsMasterTheModel => _master is null;

    /// <summary>AdamW's first moment: of this rank's blocks when sharded, else all in flat order.</summary>
    public FlatBuffer FirstMoment { get; }

    /// <summary>AdamW's second moment, laid out as the first.</summary>
    public FlatBuffer SecondMoment { get; }

    /// <summary>What this rank holds states of and updates.</summary>
    public IEnumerable<StatePiece> HeldPieces => _buckets.SelectMany(bucket => IsSharded ? bucket.Own : bucket.All);

    /// <summary>What this rank saves: its own blocks, so that all ranks of the group together save every element once.</summary>
    public IEnumerable<StatePiece> OwnPieces => _buckets.SelectMany(bucket => bucket.Own);

    /// <summary>How rounded weights travel: bfloat16 when the model holds nothing finer.</summary>
    internal MpiDataType GatherType { get; }

    /// <summary>float32 weights, the ones that count, in place.</summary>
    /// <param name="piece">What this rank holds states of (<see cref="HeldPieces"/>), or a part of it.</param>
    public Span<float> Master(StatePiece piece) =>
        _master is null ? ParameterValues.InPlace(piece.Parameter, piece.Start, piece.Count) : _master.Span(piece.StateOffset, piece.Count);

    /// <summary>Elements of one block of a bucket.</summary>
    internal int BlockOf(GradientBucket bucket) => bucket.Count / Group.Size;

    /// <summary>Where this rank's block of a bucket is in <see cref="OwnGradient"/>, and in the states when they are sharded.</summary>
    internal long OwnOffset(GradientBucket bucket) => bucket.Offset / Group.Size;

    /// <summary>Where this rank's block of a bucket begins in flat order.</summary>
    internal long OwnFlatOffset(GradientBucket bucket) => bucket.Offset + ((long)Group.Rank * BlockOf(bucket));

    /// <summary>The gradient that moves a held piece, once it is reduced.</summary>
    internal Span<float> ReducedGradient(StatePiece piece) =>
        IsSharded ? OwnGradient.Span(piece.StateOffset, piece.Count) : Gradient.Span(piece.FlatOffset, piece.Count);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (parameter, sum) in _sums)
        {
            sum.Dispose();
            if (parameter.GradientSum == sum) // not that of a state made since
                parameter.GradientSum = null;
        }
        foreach (var buffer in new[] { Gradient, OwnGradient, FirstMoment, SecondMoment })
            buffer.Dispose();
        _master?.Dispose();
        _accumulated.Dispose();
    }

    /// <summary>
    /// Makes a bucket's gradients what backward passes added up, once nothing is added any more: zeros where nothing was, and in host memory.
    /// </summary>
    /// <param name="bucket">One of <see cref="Buckets"/>; parameters that begin in it must be complete too.</param>
    internal void Complete(GradientBucket bucket)
    {
        foreach (var piece in bucket.All)
            _sums[piece.Parameter].Complete();
        if (ReferenceEquals(_accumulated, Gradient.Values))
            return;
        using var scope = NewDisposeScope();
        Gradient.Values.narrow(0, bucket.Offset, bucket.Count).copy_(_accumulated.narrow(0, bucket.Offset, bucket.Count));
    }

    /// <summary>Lets the next step's backward passes start anew: the first gradient of each parameter overwrites what is there.</summary>
    internal void ClearGradients()
    {
        foreach (var sum in _sums.Values)
            sum.Clear();
        Gradient.Span(ElementCount, (int)(Gradient.Length - ElementCount)).Clear(); // no parameter's, but summed like all
    }

    private GradientBucket Cut(long first, int count, IReadOnlyList<(ModelParameter Parameter, int ReadyAfter)> parameters)
    {
        long ownFirst = first + ((long)Group.Rank * (count / Group.Size));
        List<StatePiece> all = [.. Pieces(first, count, IsSharded ? null : 0)];
        // Shares: own blocks lie one behind the other, and every bucket before this one gave 1 / size of its elements.
        List<StatePiece> own = [.. Pieces(ownFirst, count / Group.Size, IsSharded ? (first / Group.Size) - ownFirst : 0)];
        int last = _slices.FindIndex(slice => slice.Parameter == all[^1].Parameter);
        return new GradientBucket(first, count, parameters[last].ReadyAfter, all, own);
    }

    private IEnumerable<StatePiece> Pieces(long first, long count, long? stateShift)
    {
        foreach (var (parameter, offset, length) in _slices)
        {
            long from = Math.Max(first, offset), end = Math.Min(first + count, offset + length);
            if (from < end)
                yield return new StatePiece(parameter, (int)(from - offset), (int)(end - from), from, stateShift is { } shift ? from + shift : -1);
        }
    }

    private static long RoundUp(long value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
