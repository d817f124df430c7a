using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>What the system itself has read of a file after one tensor of it was loaded.</summary>
public sealed partial class PageResidencyTests
{
    private const int TensorBytes = 64 << 20, ReadAhead = 16 << 20; // more than systems read ahead, which is 8 MiB at most as a rule
    private const int ReadAccess = 1, SharedMapping = 1, DontNeed = 4;

    [SkippableFact]
    public void Load_OneTensorOfThree_LeavesTheOthersOnDisk()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "asks the Linux page cache");
        using TempFolder folder = new();
        string header = string.Join(',', Enumerable.Range(0, 3).Select(i =>
            $"\"{i}\":{{\"dtype\":\"F32\",\"shape\":[{TensorBytes / 4}],\"data_offsets\":[{i * TensorBytes},{(i + 1) * TensorBytes}]}}"));
        string path = folder.Write("x.safetensors", SafetensorsBytes.Make($"{{{header}}}", dataBytes: 0));
        long dataStart = new FileInfo(path).Length;
        using (FileStream stream = new(path, FileMode.Open))
        {
            stream.SetLength(dataStart + 3L * TensorBytes);
            stream.Flush(flushToDisk: true);
            // Zero: the pages of a file that nobody has mapped are let go.
            Assert.Equal(0, posix_fadvise((int)stream.SafeFileHandle.DangerousGetHandle(), 0, 0, DontNeed));
        }
        Skip.IfNot(ResidentBytes(path, 0, stream => stream.Length) == 0, "this file system keeps its pages");

        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            using torch.Tensor middle = file.Load("1");
            Assert.Equal(TensorBytes, file.BytesRead);
        }

        Assert.Equal(0, ResidentBytes(path, dataStart + ReadAhead, _ => TensorBytes - 2 * ReadAhead));
        Assert.Equal(0, ResidentBytes(path, dataStart + 2L * TensorBytes + ReadAhead, _ => TensorBytes - ReadAhead));
        Assert.True(ResidentBytes(path, dataStart + TensorBytes, _ => TensorBytes) > 0);
    }

    /// <summary>Bytes of a range of a file that are in memory, without reading them.</summary>
    private static unsafe long ResidentBytes(string path, long start, Func<FileStream, long> lengthOf)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read);
        int page = Environment.SystemPageSize;
        nuint fileBytes = (nuint)stream.Length;
        nint map = mmap(0, fileBytes, ReadAccess, SharedMapping, (int)stream.SafeFileHandle.DangerousGetHandle(), 0);
        Assert.NotEqual(-1, map);
        try
        {
            byte[] isResident = new byte[(stream.Length + page - 1) / page];
            Assert.Equal(0, mincore(map, fileBytes, isResident));
            return isResident.Skip((int)(start / page)).Take((int)(lengthOf(stream) / page)).Sum(flag => (long)(flag & 1) * page);
        }
        finally
        {
            _ = munmap(map, fileBytes);
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int file, long offset, long length, int advice);

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int mincore(nint address, nuint length, [Out] byte[] isResident);
}
