namespace E3Scale.Mpi;

// Collectives on memory that does not move: tensor storage, native memory, pinned arrays.
public sealed unsafe partial class Communicator
{
    // From here on the libraries' blocking reductions are about twice as fast as their nonblocking ones.
    private const long AtOnceBytes = 256 << 10;

    /// <summary>Copies the root's elements to every rank.</summary>
    /// <param name="data">Read on the root, written on the others.</param>
    /// <param name="count">Elements, the same on every rank.</param>
    /// <param name="type">Their type.</param>
    /// <param name="root">Rank whose elements all get.</param>
    /// <exception cref="MpiException">The operation failed.</exception>
    public void Broadcast(nint data, long count, MpiDataType type, int root)
    {
        CheckRank(root, nameof(root));
        OperationInfo operation = Describe("Broadcast", data, count, type) with { Peer = root };
        foreach (var (offset, length) in Chunks(count, type))
            Complete(operation, _transport.Broadcast(data + offset, length, type, root, operation));
    }

    /// <summary>Replaces the elements of every rank by their sum, maximum or minimum over the ranks.</summary>
    /// <param name="data">Read and written.</param>
    /// <param name="count">Elements, the same on every rank.</param>
    /// <param name="type">Their type.</param>
    /// <param name="reduction">What becomes of them.</param>
    /// <exception cref="MpiException">The operation failed.</exception>
    /// <remarks>
    /// Runs on the same mesh, with the same counts and library, give the same bits: the MPI library chooses the order of a sum by size
    /// and count. Another library may choose another order, and every rank holds the same result. bfloat16 is added up in float32 in the
    /// order of the ranks and rounded once, to nearest even, whatever the library.
    /// </remarks>
    public void AllReduce(nint data, long count, MpiDataType type, ReduceOperation reduction)
    {
        OperationInfo operation = Describe("AllReduce", data, count, type);
        if (type == MpiDataType.BFloat16)
        {
            AllReduceBFloat16(data, count, reduction, operation);
            return;
        }
        if (count * type.ByteSize() < AtOnceBytes || Size == 1)
        {
            StartAllReduce(data, count, type, reduction, operation).Wait();
            return;
        }
        // Ranks wait for each other where waiting can time out and yields the core; then the library's faster call has nothing to wait for but bytes.
        Complete(operation, _transport.Barrier(operation));
        foreach (var (offset, length) in Chunks(count, type))
            _transport.AllReduceAtOnce(data + offset, length, type, reduction, operation);
    }

    /// <summary>Reduces blocks over the ranks; rank r gets block r.</summary>
    /// <param name="data">Size blocks of <paramref name="count"/> elements.</param>
    /// <param name="result">One block; does not overlap <paramref name="data"/>.</param>
    /// <param name="count">Elements of a block, the same on every rank.</param>
    /// <param name="type">Their type.</param>
    /// <param name="reduction">What becomes of them.</param>
    /// <exception cref="MpiException">The operation failed.</exception>
    /// <remarks>Order of sums and bfloat16: as <see cref="AllReduce(nint, long, MpiDataType, ReduceOperation)"/>.</remarks>
    public void ReduceScatter(nint data, nint result, long count, MpiDataType type, ReduceOperation reduction)
    {
        OperationInfo operation = Describe("ReduceScatter", data, count, type);
        _ = Describe("ReduceScatter", result, count, type);
        if (type == MpiDataType.BFloat16)
            ReduceScatterBFloat16(data, result, count, reduction, operation);
        else
            StartReduceScatter(data, result, count, type, reduction, operation).Wait();
    }

    /// <summary>Gathers a block of equal length from every rank on every rank.</summary>
    /// <param name="data">The block of this rank; on all ranks or on none it may be block number Rank of <paramref name="result"/>.</param>
    /// <param name="result">Size blocks, in the order of the ranks.</param>
    /// <param name="count">Elements of a block, the same on every rank.</param>
    /// <param name="type">Their type.</param>
    /// <exception cref="MpiException">The operation failed.</exception>
    public void AllGather(nint data, nint result, long count, MpiDataType type)
    {
        OperationInfo operation = Describe("AllGather", data, count, type);
        _ = Describe("AllGather", result, count, type);
        StartAllGather(data, result, count, type, operation).Wait();
    }

    /// <summary>Gathers blocks of any lengths from every rank on every rank.</summary>
    /// <param name="data">The block of this rank; may lie in its place in <paramref name="result"/>.</param>
    /// <param name="result">The blocks of all ranks, one behind the other.</param>
    /// <param name="counts">Elements that each rank gives, the same on every rank; Size numbers.</param>
    /// <param name="type">Their type.</param>
    /// <exception cref="MpiException">The operation failed.</exception>
    public void AllGatherV(nint data, nint result, ReadOnlySpan<long> counts, MpiDataType type)
    {
        CheckCounts(counts, nameof(counts));
        StartAllGatherV(data, result, counts, type, Describe("AllGatherV", data, counts[Rank], type)).Wait();
    }

    /// <summary>Sends every rank a block of its own, of any length, and receives one from every rank.</summary>
    /// <param name="data">Blocks for rank 0, 1, ..., one behind the other.</param>
    /// <param name="sendCounts">Elements for each rank; Size numbers.</param>
    /// <param name="result">Blocks from rank 0, 1, ..., one behind the other; does not overlap <paramref name="data"/>.</param>
    /// <param name="receiveCounts">Elements from each rank: what that rank sends to this one.</param>
    /// <param name="type">Their type.</param>
    /// <exception cref="MpiException">The operation failed, or a rank sent another count than expected here.</exception>
    public void AllToAllV(nint data, ReadOnlySpan<long> sendCounts, nint result, ReadOnlySpan<long> receiveCounts, MpiDataType type)
    {
        CheckCounts(sendCounts, nameof(sendCounts));
        CheckCounts(receiveCounts, nameof(receiveCounts));
        OperationInfo operation = Describe("AllToAllV", data, Sum(sendCounts), type);
        _ = Describe("AllToAllV", result, Sum(receiveCounts), type);
        Exchange(Consecutive(data, sendCounts, type), Consecutive(result, receiveCounts, type), type, operation);
    }

    // Pairwise messages and not MPI_Alltoallv, whose counts and displacements are int: a rank cannot know whether those of another
    // rank fit, and all must make the same calls. Libraries exchange large blocks in the same way.
    private Request StartExchange(ReadOnlySpan<Block> sends, ReadOnlySpan<Block> receives, MpiDataType type, in OperationInfo operation)
    {
        CopyOwnBlock(sends[Rank], receives[Rank], type);
        var request = new Request(_transport, _context, operation);
        for (int step = 1; step < Size; step++)
        {
            int source = (Rank - step + Size) % Size;
            PostReceive(request, receives[source], type, source, ExchangeTag, operation);
        }
        // Every rank begins with another destination, so that no rank is flooded.
        for (int step = 1; step < Size; step++)
        {
            int destination = (Rank + step) % Size;
            PostSend(request, sends[destination], type, destination, ExchangeTag, operation);
        }
        return request;
    }

    private void Exchange(ReadOnlySpan<Block> sends, ReadOnlySpan<Block> receives, MpiDataType type, in OperationInfo operation) =>
        StartExchange(sends, receives, type, operation).Wait();

    private static void CopyOwnBlock(Block from, Block to, MpiDataType type)
    {
        if (from.Count != to.Count)
            throw new ArgumentException($"this rank sends {from.Count} elements to itself and expects {to.Count}");
        long bytes = from.Count * type.ByteSize();
        if (from.Data != to.Data)
            Buffer.MemoryCopy((void*)from.Data, (void*)to.Data, bytes, bytes);
    }

    private static Block[] Consecutive(nint data, ReadOnlySpan<long> counts, MpiDataType type)
    {
        var blocks = new Block[counts.Length];
        for (int rank = 0; rank < counts.Length; rank++)
        {
            blocks[rank] = new Block(data, counts[rank]);
            data += checked((nint)(counts[rank] * type.ByteSize()));
        }
        return blocks;
    }

    private void CheckCounts(ReadOnlySpan<long> counts, string name)
    {
        if (counts.Length != Size)
            throw new ArgumentException($"{counts.Length} counts, expected one for each of the {Size} ranks", name);
        foreach (long count in counts)
            ArgumentOutOfRangeException.ThrowIfNegative(count, name);
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts)
            sum = checked(sum + count);
        return sum;
    }
}
