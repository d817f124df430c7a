namespace E3Scale.Mpi;

/// <summary>A communicator of one rank without any MPI library: collectives are copies, and messages to oneself wait in a queue.</summary>
internal sealed class SingleProcessTransport : Transport
{
    private const nint Complete = 0;

    private readonly Dictionary<int, Mailbox> _mailboxes = [];
    private readonly Dictionary<nint, PendingReceive> _receives = [];
    private readonly Lock _lock = new();
    private nint _lastRequest;

    public override int Rank => 0;

    public override int Size => 1;

    public override Transport Split(int color, int key, in OperationInfo operation) => new SingleProcessTransport();

    public override bool TakesCudaPointers => false;

    public override int FindLocalRank(in OperationInfo operation) => 0;

    public override Transport Duplicate(in OperationInfo operation) => new SingleProcessTransport();

    public override void Free(in OperationInfo operation)
    {
    }

    public override nint Barrier(in OperationInfo operation) => Complete;

    public override nint Broadcast(nint data, int count, MpiDataType type, int root, in OperationInfo operation) => Complete;

    public override nint AllReduce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation) => Complete;

    public override void AllReduceAtOnce(nint data, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation)
    {
    }

    public override nint Reduce(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, int root, in OperationInfo operation) =>
        Copy(data, result, count, type);

    public override nint ReduceScatter(
        nint data, nint result, int count, MpiDataType type, ReduceOperation reduction, in OperationInfo operation) =>
        Copy(data, result, count, type);

    public override nint AllGather(nint data, nint result, int count, MpiDataType type, in OperationInfo operation) =>
        Copy(data, result, count, type);

    public override unsafe nint Send(nint data, int count, MpiDataType type, int destination, int tag, in OperationInfo operation)
    {
        byte[] content = new ReadOnlySpan<byte>((void*)data, checked(count * type.ByteSize())).ToArray();
        lock (_lock)
        {
            Mailbox mailbox = MailboxOf(tag);
            if (mailbox.Receives.TryDequeue(out PendingReceive? receive))
                receive.Content = content;
            else
                mailbox.Messages.Enqueue(content);
        }
        return Complete;
    }

    public override nint Receive(nint data, int count, MpiDataType type, int source, int tag, in OperationInfo operation)
    {
        var receive = new PendingReceive(data, checked(count * type.ByteSize()));
        lock (_lock)
        {
            Mailbox mailbox = MailboxOf(tag);
            if (mailbox.Messages.TryDequeue(out byte[]? content))
                receive.Content = content;
            else
                mailbox.Receives.Enqueue(receive);
            _receives.Add(++_lastRequest, receive);
            return _lastRequest;
        }
    }

    public override unsafe bool Test(nint request, MpiDataType type, in OperationInfo operation, out long received)
    {
        received = -1;
        PendingReceive receive;
        lock (_lock)
        {
            receive = _receives[request];
            if (receive.Content is null)
                return false;
            _receives.Remove(request);
        }
        if (receive.Content.Length > receive.Bytes)
            throw new MpiException(operation, $"message truncated: it has {receive.Content.Length} bytes, the buffer {receive.Bytes}", -1);
        receive.Content.CopyTo(new Span<byte>((void*)receive.Data, receive.Bytes));
        received = receive.Content.Length / type.ByteSize();
        return true;
    }

    private static unsafe nint Copy(nint data, nint result, int count, MpiDataType type)
    {
        long bytes = (long)count * type.ByteSize();
        Buffer.MemoryCopy((void*)data, (void*)result, bytes, bytes);
        return Complete;
    }

    private Mailbox MailboxOf(int tag)
    {
        if (!_mailboxes.TryGetValue(tag, out Mailbox? mailbox))
            _mailboxes.Add(tag, mailbox = new Mailbox());
        return mailbox;
    }

    // Sends are buffered, so a rank may send to itself before it receives, as it may with small messages under MPI.
    private sealed class Mailbox
    {
        /// <summary>Sent, not yet received.</summary>
        public Queue<byte[]> Messages { get; } = [];

        /// <summary>Started before there was a message.</summary>
        public Queue<PendingReceive> Receives { get; } = [];
    }

    private sealed class PendingReceive(nint data, int bytes)
    {
        public nint Data => data;

        public int Bytes => bytes;

        /// <summary>The message, once it was sent.</summary>
        public byte[]? Content { get; set; }
    }
}
