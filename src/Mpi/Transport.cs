namespace E3Scale.Mpi;

/// <summary>
/// One communicator as the operations of MPI that start at once and are completed by <see cref="Test"/>. Counts fit one call; cutting
/// larger transfers, waiting and checking arguments is the work of <see cref="Communicator"/>.
/// </summary>
/// <remarks>A request is an opaque number, 0 when the operation is already complete.</remarks>
internal abstract class Transport
{
    /// <summary>Rank of this process in the communicator.</summary>
    public abstract int Rank { get; }

    /// <summary>Ranks of the communicator.</summary>
    public abstract int Size { get; }

    /// <summary>Collective: the communicator of all ranks with this color, in the order of key, then rank.</summary>
    public abstract Transport Split(int color, int key, in OperationInfo operation);

    /// <summary>Whether pointers may be to CUDA memory.</summary>
    public abstract bool TakesCudaPointers { get; }

    /// <summary>Collective: rank among those that share memory with this one.</summary>
    public abstract int FindLocalRank(in OperationInfo operation);

    /// <summary>Collective: the same ranks, with messages of their own.</summary>
    public abstract Transport Duplicate(in OperationInfo operation);

    /// <summary>Gives the communicator back; not for the world.</summary>
    public abstract void Free(in OperationInfo operation);

    public abstract nint Barrier(in OperationInfo operation);

    public abstract nint Broadcast(nint data, int count, MpiDataType type, int root, in OperationInfo operation);

    /// <summary>In place.</summary>
    public abstract nint AllReduce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation);

    /// <summary>The same, done when it returns; for ranks that are all there.</summary>
    public abstract void AllReduceAtOnce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation);

    /// <summary>The result is used on the root only.</summary>
    public abstract nint Reduce(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, int root, in OperationInfo operation);

    /// <summary>Data holds Size blocks of count elements, the result one.</summary>
    public abstract nint ReduceScatter(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation);

    /// <summary>Data holds count elements, or is block number Rank of the result, which holds Size blocks.</summary>
    public abstract nint AllGather(nint data, nint result, int count, MpiDataType type, in OperationInfo operation);

    public abstract nint Send(nint data, int count, MpiDataType type, int destination, int tag, in OperationInfo operation);

    public abstract nint Receive(nint data, int count, MpiDataType type, int source, int tag, in OperationInfo operation);

    /// <summary>Asks whether the operation is complete, and moves all others on.</summary>
    /// <param name="request">Of this transport, not 0; invalid once the method returned true or threw.</param>
    /// <param name="type">The data type the operation was started with.</param>
    /// <param name="operation">For the error message.</param>
    /// <param name="received">Elements that a receive got.</param>
    public abstract bool Test(nint request, MpiDataType type, in OperationInfo operation, out long received);
}
