using E3Scale.Mpi;

namespace E3Scale.Launcher.Ranks;

/// <summary>The variables that the launcher hands to every rank of a job.</summary>
internal static class RankEnvironment
{
    /// <summary>Says how rank 0 shows progress; anything but <see cref="ProgressToFile"/> means plain lines.</summary>
    public const string ProgressVariable = "E3SCALE_PROGRESS";

    public const string ProgressToFile = "file";

    /// <summary>Names the attempt at a job that a rank belongs to.</summary>
    public const string AttemptVariable = "E3SCALE_ATTEMPT";

    // src/Mpi compares it with the size of MPI's world: an mpirun of another MPI makes n worlds of one.
    private const string WorldSizeVariable = "E3SCALE_WORLD_SIZE";

    // Those of the libraries that multiply matrices choose their kernels: ranks with different ones sum in different orders.
    private static readonly string[] ForwardedPrefixes =
        ["E3SCALE_", "OMP_", "GOMP_", "UCX_", "NCCL_", "OPENBLAS_", "MKL_", "BLIS_", "ONEDNN_", "DNNL_", "GLIBC_TUNABLES", "DOTNET_ROOT"];

    /// <summary>How libraries of a rank wait and take memory, where the user does not say.</summary>
    public static IReadOnlyDictionary<string, string> Defaults { get; } = new Dictionary<string, string>
    {
        ["OMP_WAIT_POLICY"] = "passive",
        ["GOMP_SPINCOUNT"] = MpiEnvironment.SpinCount,
        ["GLIBC_TUNABLES"] = MpiEnvironment.MemoryTunables,
    };

    /// <summary>The attempt this rank belongs to; empty without a launcher.</summary>
    public static string Attempt => Environment.GetEnvironmentVariable(AttemptVariable) ?? "";

    /// <summary>The variables of a job.</summary>
    /// <param name="current">The launcher's own environment; the variables of E3Scale, OpenMP, UCX, NCCL, glibc and the libraries for matrix products are handed on, over everything below.</param>
    /// <param name="implementation">The MPI library.</param>
    /// <param name="rankCount">Ranks of the job.</param>
    /// <param name="threadsPerRank">Threads of one rank, or null to leave it to OpenMP.</param>
    /// <param name="progressToFile">Whether the launcher draws the progress itself.</param>
    public static Dictionary<string, string> For(
        IReadOnlyDictionary<string, string> current,
        MpiImplementation implementation,
        int rankCount,
        int? threadsPerRank,
        bool progressToFile)
    {
        Dictionary<string, string> variables = new(Defaults);
        if (threadsPerRank is { } threads)
            variables["OMP_NUM_THREADS"] = threads.ToString();
        foreach (var (name, value) in current)
            if (ForwardedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
                variables[name] = value;

        variables[AttemptVariable] = ""; // the launcher fills it in for each attempt; here so that the command line hands it on
        variables[WorldSizeVariable] = rankCount.ToString();
        variables[LauncherWatch.LaunchedVariable] = "1";
        variables[MpiInstallation.LibraryVariable] = MpiInstallation.NameOf(implementation);
        variables[ProgressVariable] = progressToFile ? ProgressToFile : "lines";
        return variables;
    }
}
