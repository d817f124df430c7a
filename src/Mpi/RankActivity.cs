using System.Diagnostics;

namespace E3Scale.Mpi;

/// <summary>
/// What this rank is doing right now and how often it got something done: watchdogs on other threads read it, the work sets it. All
/// members may be used from any thread.
/// </summary>
/// <remarks>
/// A phase stays until the next one begins, so that after an exception it still says where it came from. Only the thread that started MPI
/// counts as waiting, in an operation of its own or for one of another thread: threads that wait in advance do not keep a rank from working.
/// </remarks>
public sealed class RankActivity
{
    private readonly int _mainThread = Environment.CurrentManagedThreadId;
    private volatile string _phase = "";
    private volatile WaitNote? _wait;
    private volatile WaitNote? _backgroundWait;
    private volatile bool _waitsForBackground;
    private long _operations;
    private long _waitedTicks;

    /// <summary>The phase, a few words such as <c>step 12</c>; empty before the first.</summary>
    public string Phase => _phase;

    /// <summary>Things done since the start: transfers that completed, micro-batches, phases. It grows as long as the rank gets on.</summary>
    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>The MPI operation that the main thread waits in; null while it works or when the wait has only begun.</summary>
    public string? Waiting => (_wait ?? (_waitsForBackground ? _backgroundWait : null))?.Operation.ToString();

    /// <summary>Seconds that the main thread has waited for transfers since the start: for other ranks, and for the bytes to move.</summary>
    public double WaitedSeconds => Interlocked.Read(ref _waitedTicks) / (double)Stopwatch.Frequency;

    /// <summary>A new phase begins.</summary>
    /// <param name="phase">A few words; they complete the sentence "rank 3 on node7, stage search, ...".</param>
    public void Begin(string phase)
    {
        _phase = phase;
        Advance();
    }

    /// <summary>Something got done. To be called at least once per some minutes of honest work.</summary>
    public void Advance() => Interlocked.Increment(ref _operations);

    /// <summary>A wait of this thread has lasted for a moment.</summary>
    internal void BeginWait(in OperationInfo operation) => SetWait(new WaitNote(operation));

    /// <summary>The wait is over.</summary>
    /// <param name="start">Timestamp of its first moment.</param>
    internal void EndWait(long start)
    {
        SetWait(null);
        Count(start);
    }

    /// <summary>The main thread waits until another thread has completed its transfers.</summary>
    internal void BeginWaitForBackground() => _waitsForBackground = true;

    /// <summary>They are complete.</summary>
    /// <param name="start">Timestamp of the wait's first moment.</param>
    internal void EndWaitForBackground(long start)
    {
        _waitsForBackground = false;
        Count(start);
    }

    private void Count(long start)
    {
        if (Environment.CurrentManagedThreadId == _mainThread)
            Interlocked.Add(ref _waitedTicks, Stopwatch.GetTimestamp() - start);
    }

    private void SetWait(WaitNote? note)
    {
        if (Environment.CurrentManagedThreadId == _mainThread)
            _wait = note;
        else
            _backgroundWait = note;
    }

    // A reference type: a watchdog must not read half of an operation.
    private sealed record WaitNote(OperationInfo Operation);
}
