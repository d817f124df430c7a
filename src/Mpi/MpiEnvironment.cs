using System.Diagnostics.CodeAnalysis;

namespace E3Scale.Mpi;

/// <summary>
/// MPI in this process, from <see cref="Initialize()"/> to <see cref="Dispose"/>. Without a launcher there is no MPI library: the process is
/// a world of one, in which every operation works. A program's ranks run inside <see cref="RunRank"/>.
/// </summary>
public sealed partial class MpiEnvironment : IDisposable
{
    /// <summary>Default of GOMP_SPINCOUNT: how often a waiting OpenMP thread looks for work before it sleeps, some microseconds' worth.</summary>
    public const string SpinCount = "10000";

    /// <summary>
    /// Default of GLIBC_TUNABLES for ranks: memory in pages of 2 MiB, where Linux lends them on request. Ranks that fault pages in at the same time wait for each
    /// other in the kernel; with larger pages they do so less often. Read when a process starts, so a launcher sets it.
    /// </summary>
    public const string MemoryTunables = "glibc.malloc.hugetlb=1";

    private const int SecondsForAbort = 5;

    private static readonly Lock s_lock = new();
    private static MpiEnvironment? s_current;

    private readonly MpiLibrary _library;
    private readonly MpiContext _context;

    private MpiEnvironment(MpiLibrary library, Transport transport, MpiOptions options)
    {
        _library = library;
        _context = new MpiContext(options, transport.Rank, transport.Size, Abort);
        World = new Communicator(transport, _context, isWorld: true);
        LibraryVersion = library == MpiLibrary.None ? "none (single process)" : NativeStatus.LibraryVersion();
        ProcessorName = library == MpiLibrary.None ? Environment.MachineName : NativeStatus.ProcessorName();
    }

    /// <summary>True when mpirun or srun started this process as a rank of a job.</summary>
    public static bool IsRank => LaunchEnvironment.Current.IsRank;

    /// <summary>All ranks of the job.</summary>
    public Communicator World { get; }

    /// <summary>What this rank is doing, for watchdogs.</summary>
    public RankActivity Activity => _context.Activity;

    /// <summary>Name and version of the MPI library, one line.</summary>
    public string LibraryVersion { get; }

    /// <summary>Name of the machine this rank runs on.</summary>
    public string ProcessorName { get; }

    /// <summary>Starts MPI with the options of the environment variables.</summary>
    /// <inheritdoc cref="Initialize(MpiOptions)"/>
    public static MpiEnvironment Initialize() => Initialize(MpiOptions.FromEnvironment());

    /// <summary>Starts MPI, at thread level MULTIPLE. Once per process, except that a world of one may be made again.</summary>
    /// <exception cref="MpiException">The launcher and the library do not belong together, or the library lacks the thread level.</exception>
    /// <exception cref="DllNotFoundException">The library's shim was not built.</exception>
    /// <exception cref="InvalidOperationException">MPI is already running in this process.</exception>
    public static MpiEnvironment Initialize(MpiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        lock (s_lock)
        {
            if (s_current is not null)
                throw new InvalidOperationException("MPI is already initialized in this process; dispose the first MpiEnvironment");
            PrepareProcess();
            MpiLibrary library = LaunchEnvironment.Current.ChooseLibrary();
            Transport world = library == MpiLibrary.None ? new SingleProcessTransport() : StartLibrary(library);
            LaunchEnvironment.Current.CheckWorldSize(world.Size, library);
            return s_current = new MpiEnvironment(library, world, options);
        }
    }

    /// <summary>
    /// Sets what native libraries and the console read when they are first used; <see cref="Initialize()"/> does it too. A program that
    /// touches the console or libtorch before that calls this as its first statement.
    /// </summary>
    public static void PrepareProcess()
    {
        if (OperatingSystem.IsWindows())
            return;
        // UCX (under MPICH always, under Open MPI on InfiniBand) would take SIGSEGV and SIGFPE from .NET, which turns them into
        // NullReferenceException and DivideByZeroException.
        LibC.SetEnvironmentVariable("UCX_ERROR_SIGNALS", "", overwrite: true);
        // Waiting OpenMP threads that spin slow down other processes on the same cores; those that sleep at once slow down their own operation.
        LibC.SetEnvironmentVariable("OMP_WAIT_POLICY", "passive", overwrite: false);
        LibC.SetEnvironmentVariable("GOMP_SPINCOUNT", SpinCount, overwrite: false);
        // Open MPI gives ranks a pseudo-terminal, to which .NET would write escape codes.
        if (IsRank)
            Environment.SetEnvironmentVariable("TERM", "dumb");
    }

    /// <summary>
    /// Ends this process at once, from any thread. Exit handlers do not run: those of native libraries free what other threads may be using, code compiled for
    /// their matrix products among it.
    /// </summary>
    /// <param name="code">0..255.</param>
    [DoesNotReturn]
    public static void EndProcess(int code)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        if (OperatingSystem.IsWindows())
            Environment.Exit(code);
        LibC.ExitNow(code);
    }

    /// <summary>Ends every rank of the job at once, with this exit code where the launcher passes it on. Does not return.</summary>
    /// <param name="code">1..255.</param>
    [DoesNotReturn]
    public void Abort(int code)
    {
        if (_library == MpiLibrary.None)
            EndProcess(code);
        Console.Out.Flush();
        Console.Error.Flush();
        // MPI_Abort may itself wait for a network that is gone.
        new Thread(() => ExitLater(code)) { IsBackground = true }.Start();
        _ = NativeMethods.e3m_abort(code);
        LibC.ExitNow(code);
    }

    /// <summary>
    /// Ends MPI, when every rank has come this far. Not for the way of an exception: the other ranks would be waited for;
    /// <see cref="RunRank"/> knows the difference.
    /// </summary>
    public void Dispose()
    {
        lock (s_lock)
        {
            if (_context.IsFinalized)
                return;
            // MPI_Finalize spins until the last rank is there; the barrier waits without.
            World.Barrier();
            _context.IsFinalized = true;
            if (_library == MpiLibrary.None)
                s_current = null;
            else
                NativeStatus.ThrowIfFailed(NativeMethods.e3m_finalize(), "Finalize");
        }
    }

    private static NativeTransport StartLibrary(MpiLibrary library)
    {
        NativeLibraryFinder.Load(library);
        NativeStatus.ThrowIfFailed(NativeMethods.e3m_init(out int multiple), "Init_thread");
        if (multiple == 0)
            throw new MpiException("The MPI library does not grant MPI_THREAD_MULTIPLE, which E3Scale needs. Use one built with thread support.");
        return NativeTransport.CreateWorld();
    }

    private static void ExitLater(int code)
    {
        Thread.Sleep(TimeSpan.FromSeconds(SecondsForAbort));
        LibC.ExitNow(code);
    }
}
