using System.Diagnostics;
using System.Runtime.InteropServices;
using E3Scale.MoE;
using TorchSharp;

namespace E3Scale.Benchmarks.Checkpoints;

/// <summary>
/// How fast a model folder is loaded, beside a plain sequential read of the same bytes on one thread: into a small buffer that is used again,
/// and into memory that is kept, as a model is. Cold reads come from the disk, warm ones from the system's page cache.
/// </summary>
internal sealed class LoadCheckpointBenchmark : IBenchmark
{
    private const int Rounds = 3, Experts = 16, ChunkBytes = 4 << 20;

    public string Name => "load-checkpoint";

    public string Question => "Loading a model folder: gigabytes of its files per second, against a plain sequential read of the same bytes.";

    public void Run(BenchmarkRun run)
    {
        string bfloat16 = Path.Combine(run.Folder, "bf16"), fp8 = Path.Combine(run.Folder, "fp8");
        RandomCheckpoint.Write(bfloat16, Experts, isFp8: false);
        RandomCheckpoint.Write(fp8, Experts, isFp8: true);
        int threads = Environment.ProcessorCount;
        BenchmarkRun.Show(
            ["weights", "files, GB", "page cache", "read, one buffer, GB/s", "read, memory kept, GB/s", "loaded, 1 thread, GB/s", $"{threads} threads, GB/s",
             "1 thread, of the read into kept memory", $"{threads} threads, of that", "1 thread, of the read into one buffer"],
            from isCold in (bool[])[true, false]
            from work in ((string Label, string Folder, torch.ScalarType Type)[])
            [
                ("bf16 to bf16", bfloat16, torch.ScalarType.BFloat16), ("bf16 to fp32", bfloat16, torch.ScalarType.Float32),
                ("FP8 to bf16", fp8, torch.ScalarType.BFloat16),
            ]
            select Row(work.Label, work.Folder, work.Type, isCold, threads));
    }

    private static IReadOnlyList<string> Row(string label, string folder, torch.ScalarType type, bool isCold, int threads)
    {
        string[] files = Directory.GetFiles(folder, "*.safetensors");
        double bytes = files.Sum(file => new FileInfo(file).Length);
        Action[] ways =
        [
            () => Read(files, isKept: false), () => Read(files, isKept: true), () => Load(folder, type, threads: 1), () => Load(folder, type, threads),
        ];
        var rates = Array.ConvertAll(ways, _ => new List<double>());
        for (int round = 0; round <= Rounds; round++)
            for (int way = 0; way < ways.Length; way++)
            {
                foreach (string file in files.Where(_ => isCold))
                    PageCache.Drop(file);
                NativeHeap.Trim(); // no way gets memory that another has paid for
                var watch = Stopwatch.StartNew();
                ways[way]();
                if (round > 0) // in the first, code is compiled and caches are filled
                    rates[way].Add(bytes / 1e9 / watch.Elapsed.TotalSeconds);
            }
        double[] medians = Array.ConvertAll(rates, BenchmarkRun.Median);
        return
        [
            label, BenchmarkRun.Text(bytes / 1e9, 2), isCold ? "cold" : "warm", .. medians.Select(rate => BenchmarkRun.Text(rate, 2)),
            BenchmarkRun.Text(medians[2] / medians[1], 2), BenchmarkRun.Text(medians[3] / medians[1], 2), BenchmarkRun.Text(medians[2] / medians[0], 2),
        ];
    }

    private static void Load(string folder, torch.ScalarType type, int threads)
    {
        torch.set_num_threads(threads);
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder);
        new Decoder(checkpoint.Config, checkpoint.Names, checkpoint, dtype: type).Dispose();
    }

    private static unsafe void Read(string[] files, bool isKept)
    {
        List<nint> blocks = [];
        nint block = 0;
        foreach (string path in files)
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            if (isKept || block == 0)
                blocks.Add(block = (nint)NativeMemory.Alloc(isKept ? (nuint)file.Length : ChunkBytes));
            long at = 0;
            for (int count; at < file.Length; at += count)
                count = RandomAccess.Read(file.SafeFileHandle, new Span<byte>((byte*)block + (isKept ? at : 0), (int)Math.Min(ChunkBytes, file.Length - at)), at);
        }
        foreach (nint kept in blocks)
            NativeMemory.Free((void*)kept);
    }
}
