using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace E3Scale.Mpi;

/// <summary>
/// Completes transfers while the thread that started them computes: neither MPI library moves data unless a thread is inside it. This one
/// waits for what it is given, one after the other, as <see cref="MpiOptions"/> says; waiting for one moves all others on too.
/// </summary>
/// <remarks>Give and wait on one thread. Ranks outnumbering cores pay for the thread with time of their own computation.</remarks>
public sealed class ProgressThread : IDisposable
{
    private readonly BlockingCollection<Request> _requests = [];
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private readonly Lock _lock = new();
    private int _pending;
    private RankActivity? _activity;
    private Exception? _error;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">What it is for, as debuggers and dumps show it.</param>
    public ProgressThread(string name)
    {
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Hands a transfer over; the caller does not touch the request again.</summary>
    /// <param name="request">A transfer under way.</param>
    public void Add(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _activity = request.Activity;
        lock (_lock)
        {
            _pending++;
            _idle.Reset();
        }
        _requests.Add(request);
    }

    /// <summary>Waits until every transfer that was handed over is complete.</summary>
    /// <exception cref="MpiException">One of them failed.</exception>
    public void Wait()
    {
        _activity?.BeginWaitForBackground();
        long start = Stopwatch.GetTimestamp();
        _idle.Wait();
        _activity?.EndWaitForBackground(start);
        if (Interlocked.Exchange(ref _error, null) is { } error)
            ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>Ends the thread once it has nothing left to wait for; does not wait for it, since after an error other ranks may be gone.</summary>
    public void Dispose() => _requests.CompleteAdding();

    private void Run()
    {
        foreach (Request request in _requests.GetConsumingEnumerable())
        {
            try
            {
                request.Wait();
            }
            catch (Exception error) // Of any kind: it must reach the thread that waits, which would wait for ever otherwise.
            {
                Interlocked.CompareExchange(ref _error, error, null);
            }
            lock (_lock)
                if (--_pending == 0)
                    _idle.Set();
        }
    }
}
