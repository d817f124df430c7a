using E3Scale.Kernels;
using TorchSharp;

namespace E3Scale.MoE;

/// <summary>Moves bytes between files and CPU tensors in pieces, since a span ends at 2 GiB and a tensor does not.</summary>
internal static class TensorBytes
{
    // Large enough that starting a thread is worth it, small enough that a few threads share a matrix of an expert.
    private const long PieceBytes = 1L << 22;

    /// <summary>Fills a piece of a tensor, counted in bytes from the tensor's start.</summary>
    public delegate void Fill(long start, Span<byte> destination);

    /// <summary>Takes a piece of a tensor, counted in bytes from the tensor's start.</summary>
    public delegate void Take(long start, ReadOnlySpan<byte> source);

    /// <summary>Makes a CPU tensor from bytes, on as many threads as the tensor library may use.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="type">Its type.</param>
    /// <param name="fill">Called for all pieces, in any order and from several threads.</param>
    /// <param name="rowElements">Pieces hold whole rows of so many elements.</param>
    public static torch.Tensor Create(long[] shape, torch.ScalarType type, Fill fill, long rowElements = 1)
    {
        torch.Tensor result = torch.empty(shape, dtype: type, device: torch.CPU);
        try
        {
            ForEachPiece(result, rowElements, torch.get_num_threads(), fill);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Hands out a tensor's bytes.</summary>
    /// <param name="tensor">Contiguous, on the CPU.</param>
    /// <param name="take">Called for consecutive pieces.</param>
    public static void Read(torch.Tensor tensor, Take take) => ForEachPiece(tensor, 1, threads: 1, (start, bytes) => take(start, bytes));

    private static unsafe void ForEachPiece(torch.Tensor tensor, long rowElements, int threads, Fill action)
    {
        long bytes = tensor.numel() * tensor.ElementSize;
        if (bytes == 0)
            return;
        nint first = (nint)TensorMemory.Pointer(tensor);
        long rowBytes = rowElements * tensor.ElementSize, pieceBytes = Math.Max(PieceBytes / rowBytes, 1) * rowBytes;
        long pieces = (bytes + pieceBytes - 1) / pieceBytes;
        if (Math.Min(threads, pieces) > 1)
            RunParallel(pieces, threads, Run);
        else
            for (long piece = 0; piece < pieces; piece++)
                Run(piece);
        GC.KeepAlive(tensor);

        void Run(long piece)
        {
            long start = piece * pieceBytes;
            action(start, new Span<byte>((byte*)first + start, checked((int)Math.Min(pieceBytes, bytes - start))));
        }
    }

    private static void RunParallel(long pieces, int threads, Action<long> run)
    {
        try
        {
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads }, run);
        }
        catch (AggregateException e) when (e.InnerException is CheckpointException inner)
        {
            throw new CheckpointException(inner.Message, e);
        }
    }
}
