using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using E3Scale.Kernels;
using E3Scale.Launcher.Ranks;
using E3Scale.LogitStore.Zstd;
using TorchSharp;

namespace E3Scale.Launcher.Doctor;

/// <summary>Looks at everything on this machine that E3Scale works with.</summary>
public static class DoctorChecks
{
    private const int MatrixSize = 1024;
    private static readonly TimeSpan MeasuringTime = TimeSpan.FromSeconds(0.5);

    /// <summary>Runs every check, in the order they are best read.</summary>
    public static IEnumerable<DoctorFinding> Run() =>
    [
        new("runtime", $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}"),
        new("machine", $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:F1} GB of memory"),
        .. Guarded("libtorch", Libtorch),
        .. Mpi(),
        .. Guarded("zstd", Zstandard),
        Gpus(),
    ];

    private static IEnumerable<DoctorFinding> Libtorch()
    {
        yield return new("libtorch", TorchRuntime.LibtorchVersion);
        yield return TorchRuntime.IsReferenceBlas
            ? new("BLAS", TorchRuntime.BlasLibrary!, DoctorVerdict.Warning,
                "This is the reference BLAS, some 20 times slower than OpenBLAS: apt-get install libopenblas0-openmp, " +
                "or choose with update-alternatives --config libblas.so.3-x86_64-linux-gnu.")
            : new("BLAS", TorchRuntime.BlasLibrary ?? "part of libtorch");
        yield return new("threads", $"{torch.get_num_threads()} (OMP_NUM_THREADS changes it)");
        yield return new("matmul float32", $"{MatmulGigaflops(torch.ScalarType.Float32):F0} GFLOP/s, {TorchRuntime.SinglePrecisionProducts}");
        yield return new("matmul bfloat16", $"{MatmulGigaflops(torch.ScalarType.BFloat16):F0} GFLOP/s");
        yield return new("CUDA in libtorch", torch.cuda.is_available() ? "available" : "not available");
    }

    private static IEnumerable<DoctorFinding> Mpi()
    {
        IReadOnlyList<MpiInstallation> installed = MpiInstallation.FindAll();
        if (installed.Count == 0)
            return [new("MPI", "none", DoctorVerdict.Warning, "Only one rank can run. ./build.sh --target=Setup installs Open MPI.")];
        return installed.Select(mpi => MpiInstallation.HasShim(mpi.Implementation)
            ? new DoctorFinding("MPI", $"{mpi.Implementation}, {mpi.Mpirun}")
            : new DoctorFinding("MPI", $"{mpi.Implementation}, {mpi.Mpirun}, no native library for it", DoctorVerdict.Warning,
                "Install its development package and build again: ./build.sh --target=Clean, then --target=Build."));
    }

    private static IEnumerable<DoctorFinding> Zstandard()
    {
        const int bytes = 4096;
        byte[] compressed = new byte[bytes];
        using var compressor = new Compressor();
        yield return new("zstd", $"works ({bytes} zero bytes become {compressor.Wrap(new byte[bytes], compressed)})");
    }

    private static DoctorFinding Gpus()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", ["-L"]) { RedirectStandardOutput = true })!;
            string list = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return new("GPUs", process.ExitCode == 0 && list.Length > 0 ? list.ReplaceLineEndings("; ") : "none");
        }
        catch (Win32Exception)
        {
            return new("GPUs", "none (no nvidia-smi)");
        }
    }

    private static double MatmulGigaflops(torch.ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor left = torch.ones(MatrixSize, MatrixSize).to_type(type);
        torch.matmul(left, left).Dispose(); // the first call loads and tunes
        int products = 0;
        long start = Stopwatch.GetTimestamp();
        for (; products == 0 || Stopwatch.GetElapsedTime(start) < MeasuringTime; products++)
            torch.matmul(left, left).Dispose();
        return 2.0 * MatrixSize * MatrixSize * MatrixSize * products / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    // A native library that is not there shows as one of these when it is first called.
    private static IEnumerable<DoctorFinding> Guarded(string name, Func<IEnumerable<DoctorFinding>> checks)
    {
        try
        {
            return [.. checks()];
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or TypeInitializationException)
        {
            return [new(name, (error.InnerException ?? error).Message, DoctorVerdict.Unusable, "Run ./build.sh --target=Build.")];
        }
    }
}
