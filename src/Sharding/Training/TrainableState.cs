using System.Runtime.InteropServices;
using E3Scale.MoE;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>
/// The optimiser's view of the parameters that train: float32 gradients, master weights and moments in flat buffers, region by region. The
/// model's own copy of the weights may be bfloat16 and on a GPU; the buffers are in host memory.
/// </summary>
public sealed class TrainableState : IDisposable
{
    private readonly List<ParameterRegion> _regions = [];

    /// <summary>Takes the trainable parameters of a decoder; master weights start as their values.</summary>
    /// <param name="decoder">This rank's part of the model. Its gradients belong to this object from now on.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="options">Size of a bucket, and whether states are sharded.</param>
    public TrainableState(Decoder decoder, Mesh mesh, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(mesh);
        ArgumentNullException.ThrowIfNull(options);
        LayersInReverse = [.. decoder.Layers.Reverse().Select(layer => layer.Index)];
        bool hasCopies = decoder.Config.TieWordEmbeddings && mesh.Shape.Pipeline > 1;
        RegionKind KindOf(ModelParameter parameter) =>
            parameter.Placement == ParameterPlacement.Expert ? RegionKind.Expert
            : hasCopies && parameter == decoder.Embedding ? RegionKind.TiedEmbedding
            : RegionKind.Dense;
        var trainable = decoder.Parameters.Trainable.Select(parameter => (Parameter: parameter, ReadyAfter: ReadyAfter(decoder, parameter)))
            // Layers that moved here were made last: their place must not depend on that, so norm and head come first, then the layer.
            .OrderBy(item => item.ReadyAfter).ThenBy(item => item.Parameter.Layer).ToLookup(item => KindOf(item.Parameter));
        int bucketElements = (int)Math.Clamp(options.BucketMebibytes * (1 << 20) / sizeof(float), 1, int.MaxValue / 2);
        foreach (var kind in Enum.GetValues<RegionKind>().Where(trainable.Contains))
        {
            var group = kind == RegionKind.Expert ? mesh.ExpertDataGroup : mesh.DataGroup;
            _regions.Add(new ParameterRegion(kind, group, [.. trainable[kind]], bucketElements, options.ShardsStates));
        }
    }

    /// <summary>Dense parameters, experts, a tied embedding; those that this rank has.</summary>
    public IReadOnlyList<ParameterRegion> Regions => _regions;

    /// <summary>Layers of this rank in the order in which a backward pass finishes them; a position in it says what is ready when.</summary>
    public IReadOnlyList<int> LayersInReverse { get; }

    /// <summary>The position after which even the last gradient is complete: that of the embedding.</summary>
    public int LastPosition => LayersInReverse.Count;

    /// <summary>
    /// Master weight, first and second moment of a parameter, one behind the other. Collective over the ranks that hold it, since each may have
    /// a part of its state.
    /// </summary>
    /// <param name="parameter">A trainable parameter of this rank.</param>
    public float[] ReadState(ModelParameter parameter)
    {
        var region = RegionOf(parameter);
        int count = region.Slices.First(slice => slice.Parameter == parameter).Count;
        var state = new float[3 * count];
        foreach (var piece in region.HeldPieces.Where(piece => piece.Parameter == parameter))
        {
            region.Master(piece).CopyTo(state.AsSpan(piece.Start));
            region.FirstMoment.Span(piece.StateOffset, piece.Count).CopyTo(state.AsSpan(count + piece.Start));
            region.SecondMoment.Span(piece.StateOffset, piece.Count).CopyTo(state.AsSpan(2 * count + piece.Start));
        }
        // As whole numbers: each element is 0 on all ranks but one, and its bits must not change, not even the sign of a zero.
        if (region.IsSharded)
            region.Group.AllReduce(MemoryMarshal.Cast<float, int>(state.AsSpan()), ReduceOperation.Sum);
        return state;
    }

    /// <summary>Overwrites what <see cref="ReadState"/> reads, as far as this rank holds it.</summary>
    /// <param name="parameter">A trainable parameter of this rank.</param>
    /// <param name="state">[3 * elements].</param>
    public void WriteState(ModelParameter parameter, ReadOnlySpan<float> state)
    {
        var region = RegionOf(parameter);
        int count = state.Length / 3;
        foreach (var piece in region.HeldPieces.Where(piece => piece.Parameter == parameter))
        {
            state.Slice(piece.Start, piece.Count).CopyTo(region.Master(piece));
            state.Slice(count + piece.Start, piece.Count).CopyTo(region.FirstMoment.Span(piece.StateOffset, piece.Count));
            state.Slice(2 * count + piece.Start, piece.Count).CopyTo(region.SecondMoment.Span(piece.StateOffset, piece.Count));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var region in _regions)
            region.Dispose();
    }

    /// <summary>Final norm and head are complete with the last layer; the embedding, which may be the head too, when all is done.</summary>
    private int ReadyAfter(Decoder decoder, ModelParameter parameter)
    {
        if (parameter.Layer < 0)
            return parameter == decoder.Embedding ? LastPosition : 0;
        for (int position = 0; position < LayersInReverse.Count; position++)
            if (LayersInReverse[position] == parameter.Layer)
                return position;
        throw new InvalidOperationException($"'{parameter.Name}' belongs to layer {parameter.Layer}, which this rank does not hold");
    }

    private ParameterRegion RegionOf(ModelParameter parameter) =>
        _regions.First(region => region.Slices.Any(slice => slice.Parameter == parameter));
}
