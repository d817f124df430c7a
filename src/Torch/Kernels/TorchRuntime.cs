using TorchSharp;

namespace E3Scale.Kernels;

/// <summary>What the process computes with: libtorch's build, its threads, and the BLAS that is really loaded.</summary>
public static class TorchRuntime
{
    /// <summary>libtorch's version, such as "1.13.0".</summary>
    public static string LibtorchVersion => torch.__version__;

    /// <summary>libtorch's description of its build (compiler, CPU, BLAS, oneDNN); empty where the engine does not tell.</summary>
#if TORCHSHARP_PACKAGE
    public static string ShowConfig => "";
#else
    public static string ShowConfig => Text(TorchSharp.PInvoke.NativeMethods.e3t_runtime_show_config(out var text), text);
#endif

    /// <summary>libtorch's description of its threads and of the libraries that run them; empty where the engine does not tell.</summary>
#if TORCHSHARP_PACKAGE
    public static string ParallelInfo => "";
#else
    public static string ParallelInfo => Text(TorchSharp.PInvoke.NativeMethods.e3t_runtime_parallel_info(out var text), text);
#endif

    /// <summary>
    /// What multiplies float32 matrices on the CPU: "oneDNN", the kernels that OpenBLAS chose (such as "Cooperlake"), or "BLAS"; empty where the
    /// engine does not tell. oneDNN on x86-64 where libtorch brings it and the BLAS is neither MKL nor BLIS; <c>E3SCALE_SGEMM=blas</c> keeps the BLAS.
    /// </summary>
#if TORCHSHARP_PACKAGE
    public static string SinglePrecisionProducts => "";
#else
    public static string SinglePrecisionProducts => Text(TorchSharp.PInvoke.NativeMethods.e3t_runtime_sgemm(out var text), text);
#endif

    /// <summary>The file of the BLAS library in this process, links resolved; null where none is loaded by itself (MKL builds).</summary>
    public static string? BlasLibrary => FindBlas(MappedFiles());

    /// <summary>Whether matrix products run on the reference BLAS, some twenty times slower than OpenBLAS.</summary>
    public static bool IsReferenceBlas => BlasLibrary is { } path && IsReference(path);

    /// <summary>The BLAS among the mapped files: OpenBLAS, BLIS, MKL, ATLAS, or whatever is called libblas.</summary>
    internal static string? FindBlas(IEnumerable<string> files)
    {
        string[] names = ["libopenblas", "libmkl_rt", "libmkl_core", "libblis", "libatlas", "libblas"];
        var libraries = files.Distinct().ToList();
        return names
            .Select(name => libraries.Find(file => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal)))
            .FirstOrDefault(found => found is not null);
    }

    // Debian's alternatives all call the file libblas.so.3: the folder tells them apart.
    internal static bool IsReference(string path)
    {
        if (!Path.GetFileName(path).StartsWith("libblas", StringComparison.Ordinal)) return false;
        var folder = Path.GetFileName(Path.GetDirectoryName(path)) ?? "";
        return !new[] { "openblas", "blis", "mkl", "atlas" }.Any(name => folder.StartsWith(name, StringComparison.Ordinal));
    }

#if !TORCHSHARP_PACKAGE
    private static string Text(int status, nint text)
    {
        TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(status);
        return System.Runtime.InteropServices.Marshal.PtrToStringUTF8(text)!;
    }
#endif

    private static IEnumerable<string> MappedFiles()
    {
        if (!OperatingSystem.IsLinux()) yield break;
        _ = torch.__version__; // loads libtorch, and with it its BLAS
        const int pathColumn = 5;
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var columns = line.Split(' ', pathColumn + 1, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (columns.Length > pathColumn && columns[pathColumn].StartsWith('/')) yield return columns[pathColumn];
        }
    }
}
