using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace E3Scale.Kernels;

/// <summary>Work on the rows of a matrix, each for itself, on as many threads as the library uses for its own operations.</summary>
public static class RowLoop
{
    /// <summary>Runs every row once. What a row computes must not depend on the others; then results do not depend on the number of threads.</summary>
    /// <typeparam name="TScratch">Memory of a thread.</typeparam>
    /// <param name="rows">How many.</param>
    /// <param name="createScratch">Makes the memory of a thread.</param>
    /// <param name="work">Gets the thread's memory and the row.</param>
    /// <param name="fewestRowsPerThread">Starting a thread takes as long as so many rows.</param>
    public static void Run<TScratch>(int rows, Func<TScratch> createScratch, Action<TScratch, int> work, int fewestRowsPerThread = 16)
    {
        ArgumentNullException.ThrowIfNull(createScratch);
        ArgumentNullException.ThrowIfNull(work);
        int threads = Math.Min(torch.get_num_threads(), rows / fewestRowsPerThread);
        if (threads <= 1)
        {
            var scratch = createScratch();
            for (int row = 0; row < rows; row++)
                work(scratch, row);
            return;
        }
        OnThreads(threads, part =>
        {
            var scratch = createScratch();
            for (int row = (int)((long)rows * part / threads), end = (int)((long)rows * (part + 1) / threads); row < end; row++)
                work(scratch, row);
        });
    }

    private static void OnThreadsOfDotNet(int threads, Action<int> work) =>
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, work);

#if TORCHSHARP_PACKAGE
    /// <summary>Runs work in parts at the same time.</summary>
    /// <param name="threads">How many parts.</param>
    /// <param name="work">Gets the part's number, from 0.</param>
    public static void OnThreads(int threads, Action<int> work) => OnThreadsOfDotNet(threads, work);
#else
    /// <summary>Runs work in parts at the same time, each on a thread on which the library's own operations keep to that thread.</summary>
    /// <param name="threads">How many parts; the library's number of threads at most, or some run one after the other.</param>
    /// <param name="work">Gets the part's number, from 0. What it throws is thrown here when all parts are over.</param>
    /// <remarks>On the library's threads: those of .NET would share the cores with them, which still look for work when an operation is over.</remarks>
    public static unsafe void OnThreads(int threads, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var job = new Job(work);
        var handle = GCHandle.Alloc(job);
        try
        {
            TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(
                TorchSharp.PInvoke.NativeMethods.e3t_runtime_parallel(threads, &RunPart, GCHandle.ToIntPtr(handle), out bool ran));
            if (!ran)
                OnThreadsOfDotNet(threads, job.Run);
        }
        finally
        {
            handle.Free();
        }
        job.Failure?.Throw();
    }

    [UnmanagedCallersOnly]
    private static void RunPart(nint job, int part) => ((Job)GCHandle.FromIntPtr(job).Target!).Run(part);

    /// <summary>Work whose failures may not cross native code.</summary>
    private sealed class Job(Action<int> work)
    {
        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Run(int part)
        {
            try
            {
                work(part);
            }
            catch (Exception error)
            {
                Failure = ExceptionDispatchInfo.Capture(error);
            }
        }
    }
#endif
}
