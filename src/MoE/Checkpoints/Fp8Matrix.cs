using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: O = rows, I = columns, P and Q = blocks along them.

/// <summary>
/// A matrix of e4m3 codes whose blocks share a float32 scale, as DeepSeek-V3 publishes its weights: about a quarter of the bytes of float32.
/// </summary>
public sealed class Fp8Matrix : IDisposable
{
    // Rows of a piece that one thread decodes: at least so many elements, so that starting the threads is worth it.
    private const long ParallelElements = 1 << 18;

    /// <summary>Takes over codes and scales.</summary>
    /// <param name="codes_OI">uint8 [O, I].</param>
    /// <param name="scales_PQ">float32 [ceil(O / blockRows), ceil(I / blockColumns)]; they multiply the codes' values.</param>
    /// <param name="blockRows">Rows of a block.</param>
    /// <param name="blockColumns">Columns of a block; blocks at the edges may be partial.</param>
    public Fp8Matrix(Tensor codes_OI, Tensor scales_PQ, int blockRows, int blockColumns)
    {
        (Codes, Scales, BlockRows, BlockColumns) = (codes_OI, scales_PQ, blockRows, blockColumns);
    }

    /// <summary>uint8 [O, I].</summary>
    public Tensor Codes { get; }

    /// <summary>float32 [ceil(O / BlockRows), ceil(I / BlockColumns)].</summary>
    public Tensor Scales { get; }

    /// <summary>Rows of a block.</summary>
    public int BlockRows { get; }

    /// <summary>Columns of a block.</summary>
    public int BlockColumns { get; }

    /// <summary>Rounds a matrix: in every block of 128 x 128 the scale is max|block| / 448, codes are the nearest, ties to even.</summary>
    /// <param name="value_OI">float32 [O, I], contiguous, on the CPU.</param>
    public static Fp8Matrix Quantize(Tensor value_OI) => Quantize(value_OI, BlockQuantization.Default);

    /// <summary>The same in blocks of another size.</summary>
    /// <param name="value_OI">float32 [O, I], contiguous, on the CPU.</param>
    /// <param name="blocks">Size of the blocks.</param>
    internal static Fp8Matrix Quantize(Tensor value_OI, BlockQuantization blocks)
    {
        ArgumentNullException.ThrowIfNull(value_OI);
        using var scope = NewDisposeScope();
        long rows = value_OI.shape[0], columns = value_OI.shape[1];
        long[] scaleShape = blocks.ScaleShape(rows, columns);
        var codes_OI = empty(value_OI.shape, dtype: ScalarType.Byte);
        var scales_PQ = empty(scaleShape, dtype: ScalarType.Float32);
        long pieceRows = PieceRows(columns, blocks.BlockRows);
        ForEachPiece(rows, pieceRows, piece =>
        {
            int first = (int)(piece * pieceRows * columns), count = (int)(Math.Min(pieceRows, rows - piece * pieceRows) * columns);
            Fp8.Quantize(
                TensorMemory.AsSpan<float>(value_OI).Slice(first, count), (int)columns, blocks.BlockRows, blocks.BlockColumns,
                TensorMemory.AsSpan<byte>(codes_OI).Slice(first, count),
                TensorMemory.AsSpan<float>(scales_PQ)[(int)(piece * pieceRows / blocks.BlockRows * scaleShape[1])..]);
        });
        return new Fp8Matrix(codes_OI.DetachFromDisposeScope(), scales_PQ.DetachFromDisposeScope(), blocks.BlockRows, blocks.BlockColumns);
    }

    /// <summary>The matrix in a type that can be computed with: code times scale in float32, rounded to the type.</summary>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <returns>[O, I] on the codes' device; owned by the current dispose scope.</returns>
    public Tensor Dequantize(ScalarType dtype)
    {
        if (Codes.device_type != DeviceType.CPU)
            return Compose(dtype);
        var value_OI = empty(Codes.shape, dtype: dtype);
        long rows = Codes.shape[0], columns = Codes.shape[1], pieceRows = PieceRows(columns, BlockRows);
        ForEachPiece(rows, pieceRows, Decode);
        return value_OI;

        void Decode(int piece)
        {
            int first = (int)(piece * pieceRows * columns), count = (int)(Math.Min(pieceRows, rows - piece * pieceRows) * columns);
            var codes = TensorMemory.AsSpan<byte>(Codes).Slice(first, count);
            var scales = TensorMemory.AsSpan<float>(Scales);
            if (dtype == ScalarType.BFloat16)
                Fp8.Dequantize(codes, (int)columns, piece * pieceRows, scales, BlockRows, BlockColumns, TensorMemory.AsSpan<ushort>(value_OI).Slice(first, count));
            else
                Fp8.Dequantize(codes, (int)columns, piece * pieceRows, scales, BlockRows, BlockColumns, TensorMemory.AsSpan<float>(value_OI).Slice(first, count));
        }
    }

    /// <summary>The same matrix on a device; codes and scales of this one are freed when they had to be copied.</summary>
    /// <param name="device">Where it shall be.</param>
    internal Fp8Matrix To(Device device) =>
        new(OnDevice(Codes, device), OnDevice(Scales, device), BlockRows, BlockColumns);

    /// <inheritdoc/>
    public void Dispose()
    {
        Codes.Dispose();
        Scales.Dispose();
    }

    /// <summary>Rows of a piece: whole rows of blocks, so that a piece begins where its scales do.</summary>
    private static long PieceRows(long columns, int blockRows) => Math.Max(ParallelElements / Math.Max(columns, 1) / blockRows, 1) * blockRows;

    /// <summary>Works on all pieces, with as many threads as the engine uses.</summary>
    private static void ForEachPiece(long rows, long pieceRows, Action<int> work)
    {
        int pieces = (int)((rows + pieceRows - 1) / pieceRows), threads = Math.Min(get_num_threads(), pieces);
        if (threads > 1)
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads }, work);
        else
            for (int piece = 0; piece < pieces; piece++)
                work(piece);
    }

    // No scope owns codes and scales, and none shall own their copies.
    private static Tensor OnDevice(Tensor value, Device device)
    {
        var moved = value.to(device, disposeAfter: true);
        return ReferenceEquals(moved, value) ? value : moved.DetachFromDisposeScope();
    }

    /// <summary>The same by the engine's own operations, for tensors that are not in host memory.</summary>
    internal Tensor Compose(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var table = tensor(Enumerable.Range(0, 256).Select(code => Fp8.Decode((byte)code)).ToArray(), device: Codes.device);
        var value_OI = table.index_select(0, Codes.reshape(-1).to_type(ScalarType.Int64)).reshape(Codes.shape);
        var scales_OI = Scales.repeat_interleave(BlockRows, 0).narrow(0, 0, Codes.shape[0])
            .repeat_interleave(BlockColumns, 1).narrow(1, 0, Codes.shape[1]);
        return (value_OI * scales_OI).to_type(dtype).MoveToOuterDisposeScope();
    }
}
