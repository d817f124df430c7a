using System.Runtime.InteropServices;
using E3Scale.MoE;

namespace E3Scale.Sharding;

/// <summary>A copy of what a rank saves: training goes on while it is written.</summary>
internal sealed class CheckpointSnapshot : IDisposable
{
    // A span of bytes ends at 2 GiB.
    private const int MaxTensorElements = 1 << 28;

    private readonly List<(TensorDeclaration Tensor, long Offset, int Count)> _tensors = [];
    private readonly FlatBuffer _values;

    /// <summary>Copies this rank's blocks of the state.</summary>
    /// <param name="state">Master weights and moments.</param>
    /// <param name="isFirstStage">Of a tied embedding, which both ends of the pipeline hold, the first stage saves its copy.</param>
    public CheckpointSnapshot(TrainableState state, bool isFirstStage)
    {
        var regions = state.Regions.Where(region => region.Kind != RegionKind.TiedEmbedding || isFirstStage);
        var pieces = regions.SelectMany(region => Joined(region.OwnPieces).Select(piece => (Region: region, Piece: piece))).ToList();
        _values = new FlatBuffer(3 * pieces.Sum(item => (long)item.Piece.Count));
        long next = 0;
        foreach (var (region, piece) in pieces)
        {
            Copy(CheckpointNames.Master, piece, region.Master(piece));
            Copy(CheckpointNames.FirstMoment, piece, region.FirstMoment.Span(piece.StateOffset, piece.Count));
            Copy(CheckpointNames.SecondMoment, piece, region.SecondMoment.Span(piece.StateOffset, piece.Count));
        }

        void Copy(string prefix, StatePiece piece, Span<float> values)
        {
            values.CopyTo(_values.Span(next, piece.Count));
            _tensors.Add((Declare(prefix, piece), next, piece.Count));
            next += piece.Count;
        }
    }

    /// <summary>Writes the copy as a file, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isCancelled">Asked between tensors; true gives up.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Write(string path, Func<bool> isCancelled)
    {
        using var writer = new SafetensorsWriter(path, _tensors.Select(item => item.Tensor));
        foreach (var (tensor, offset, count) in _tensors)
        {
            if (isCancelled())
                throw new OperationCanceledException($"{path}: not written, the rank ends");
            writer.Write(tensor.Name, MemoryMarshal.AsBytes(_values.Span(offset, count)));
        }
        writer.Complete();
    }

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();

    private static TensorDeclaration Declare(string prefix, StatePiece piece)
    {
        var shape = piece.Parameter.Value.shape;
        bool isWhole = piece.Count == piece.Parameter.Value.numel();
        return new TensorDeclaration(
            CheckpointNames.Tensor(prefix, piece.Parameter.Name, piece.Start, isWhole), SafetensorsType.F32, isWhole ? shape : [piece.Count]);
    }

    /// <summary>Neighbouring pieces of one parameter, which a bucket's end had cut, as one.</summary>
    private static IEnumerable<StatePiece> Joined(IEnumerable<StatePiece> pieces)
    {
        StatePiece? open = null;
        foreach (var piece in pieces)
        {
            if (open is { } last && last.Parameter == piece.Parameter && last.Start + last.Count == piece.Start
                && last.StateOffset + last.Count == piece.StateOffset && last.Count + piece.Count <= MaxTensorElements)
            {
                open = last with { Count = last.Count + piece.Count };
                continue;
            }
            if (open is { } whole)
                yield return whole;
            open = piece;
        }
        if (open is { } rest)
            yield return rest;
    }
}
