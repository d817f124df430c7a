using System.Buffers;
using System.Diagnostics;

namespace E3Scale.Mpi;

/// <summary>
/// A transfer under way. Every request must be waited for: until it is complete its buffer belongs to MPI, must not be freed, and what
/// is to be sent must not change. Not for use by two threads at once.
/// </summary>
public sealed class Request
{
    private readonly Transport _transport;
    private readonly MpiContext _context;
    private readonly OperationInfo _operation;
    private readonly List<Part> _parts = [];
    private MemoryHandle _pin;
    private MpiException? _error;
    private int _completeParts;
    private bool _isCounted;

    internal Request(Transport transport, MpiContext context, in OperationInfo operation)
    {
        _transport = transport;
        _context = context;
        _operation = operation;
    }

    /// <summary>Where waits are noted.</summary>
    internal RankActivity Activity => _context.Activity;

    /// <summary>Moves transfers on and tells whether this one is complete. Returns at once.</summary>
    /// <exception cref="MpiException">The transfer failed; it is over.</exception>
    public bool Test()
    {
        // Any test moves every transfer on, so asking for the parts one after the other loses nothing.
        while (_completeParts < _parts.Count)
        {
            if (!TestPart(_parts[_completeParts]))
                return false;
            _completeParts++;
        }
        _pin.Dispose();
        if (!_isCounted)
            _context.Activity.Advance();
        _isCounted = true;
        return _error is null ? true : throw _error;
    }

    /// <summary>Waits until the transfer is complete, as <see cref="MpiOptions"/> says.</summary>
    /// <exception cref="MpiException">The transfer failed; it is over.</exception>
    public void Wait()
    {
        if (Test())
            return;
        var pacer = new WaitPacer(_context.Options);
        long start = Stopwatch.GetTimestamp();
        try
        {
            do
            {
                if (!pacer.Pause())
                    _context.AbortAfterTimeout(_operation);
                if (pacer.HasJustBecomeLong)
                    _context.Activity.BeginWait(_operation);
            }
            while (!Test());
        }
        finally
        {
            _context.Activity.EndWait(start);
        }
    }

    internal void Pin(MemoryHandle handle) => _pin = handle;

    internal void Add(nint handle, int peer = -1, long expectedElements = -1) => _parts.Add(new Part(handle, peer, expectedElements));

    // A failed part is remembered, not thrown at once: the buffers of the other parts are still in use.
    private bool TestPart(in Part part)
    {
        if (part.Handle == 0)
            return true;
        OperationInfo operation = part.Peer < 0 ? _operation : _operation with { Peer = part.Peer };
        try
        {
            if (!_transport.Test(part.Handle, _operation.Type, operation, out long received))
                return false;
            if (part.ExpectedElements >= 0 && received != part.ExpectedElements)
                throw new MpiException(operation, $"received {received} elements, expected {part.ExpectedElements}", -1);
        }
        catch (MpiException e)
        {
            _error ??= e;
        }
        return true;
    }

    /// <param name="Handle">Request of the transport.</param>
    /// <param name="Peer">The other rank; negative for collectives.</param>
    /// <param name="ExpectedElements">Elements that a receive must bring; negative for what is no receive.</param>
    private readonly record struct Part(nint Handle, int Peer, long ExpectedElements);
}
