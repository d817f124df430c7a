using System.Runtime.InteropServices;

namespace E3Scale.Benchmarks.Checkpoints;

/// <summary>The system's copies of files in memory.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Lets go of a file's pages, so that the next read comes from the disk. It must be written out, and mapped by nobody.</summary>
    public static void Drop(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read);
        int error = posix_fadvise((int)stream.SafeFileHandle.DangerousGetHandle(), 0, 0, DontNeed);
        if (error != 0)
            throw new IOException($"{path}: the system keeps its pages (error {error}), so a cold read cannot be measured here");
    }

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int file, long offset, long length, int advice);
}
