using static E3Scale.Mpi.NativeMethods;

namespace E3Scale.Mpi;

/// <summary>A communicator of the MPI library.</summary>
/// <remarks>
/// The handle is no SafeHandle on purpose: MPI_Comm_free is collective and must not run on the finalizer thread of one rank.
/// What is never freed goes with MPI_Finalize.
/// </remarks>
internal sealed class NativeTransport : Transport
{
    private readonly nint _handle;

    private NativeTransport(nint handle)
    {
        _handle = handle;
        NativeStatus.ThrowIfFailed(e3m_comm_rank(handle, out int rank), "Comm_rank");
        NativeStatus.ThrowIfFailed(e3m_comm_size(handle, out int size), "Comm_size");
        Rank = rank;
        Size = size;
    }

    public override int Rank { get; }

    public override int Size { get; }

    public static NativeTransport CreateWorld()
    {
        NativeStatus.ThrowIfFailed(e3m_comm_world(out nint world), "Comm_world");
        return new NativeTransport(world);
    }

    public override Transport Split(int color, int key, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_comm_split(_handle, color, key, out nint group), operation);
        return new NativeTransport(group);
    }

    public override bool TakesCudaPointers
    {
        get
        {
            NativeStatus.ThrowIfFailed(e3m_cuda_support(out int supported), "Query_cuda_support");
            return supported != 0;
        }
    }

    public override int FindLocalRank(in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_comm_local_rank(_handle, out int rank), operation);
        return rank;
    }

    public override Transport Duplicate(in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_comm_dup(_handle, out nint copy), operation);
        return new NativeTransport(copy);
    }

    public override void Free(in OperationInfo operation) => NativeStatus.ThrowIfFailed(e3m_comm_free(_handle), operation);

    public override nint Barrier(in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_ibarrier(_handle, out nint request), operation);
        return request;
    }

    public override nint Broadcast(nint data, int count, MpiDataType type, int root, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_ibcast(_handle, data, count, type, root, out nint request), operation);
        return request;
    }

    public override nint AllReduce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_iallreduce(_handle, data, count, type, reduction, out nint request), operation);
        return request;
    }

    public override void AllReduceAtOnce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation) =>
        NativeStatus.ThrowIfFailed(e3m_allreduce(_handle, data, count, type, reduction), operation);

    public override nint Reduce(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, int root, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_ireduce(_handle, data, result, count, type, reduction, root, out nint request), operation);
        return request;
    }

    public override nint ReduceScatter(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_ireduce_scatter_block(_handle, data, result, count, type, reduction, out nint request), operation);
        return request;
    }

    public override nint AllGather(nint data, nint result, int count, MpiDataType type, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_iallgather(_handle, data, result, count, type, out nint request), operation);
        return request;
    }

    public override nint Send(nint data, int count, MpiDataType type, int destination, int tag, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_isend(_handle, data, count, type, destination, tag, out nint request), operation);
        return request;
    }

    public override nint Receive(nint data, int count, MpiDataType type, int source, int tag, in OperationInfo operation)
    {
        NativeStatus.ThrowIfFailed(e3m_irecv(_handle, data, count, type, source, tag, out nint request), operation);
        return request;
    }

    public override bool Test(nint request, MpiDataType type, in OperationInfo operation, out long received)
    {
        NativeStatus.ThrowIfFailed(e3m_test(ref request, type, out int done, out received), operation);
        return done != 0;
    }
}
