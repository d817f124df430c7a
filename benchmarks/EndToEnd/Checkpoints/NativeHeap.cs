using System.Runtime.InteropServices;

namespace E3Scale.Benchmarks.Checkpoints;

/// <summary>The C library's heap, which tensors come from.</summary>
internal static partial class NativeHeap
{
    /// <summary>Gives freed memory back to the system, so that who allocates next gets pages that nobody has touched.</summary>
    public static void Trim()
    {
        if (OperatingSystem.IsLinux())
            _ = malloc_trim(0);
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keptBytes);
}
