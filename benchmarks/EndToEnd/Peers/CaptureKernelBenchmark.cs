using System.Diagnostics;
using E3Scale.Kernels;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Peers;

// Shape suffixes in this file: N = tokens, V = vocabulary.

/// <summary>
/// What capture stores of the teacher's logits (the ten largest, log-sum-exp, entropy), in one pass over them, beside torch.topk and log_softmax, which
/// give the same but for the entropy.
/// </summary>
internal sealed class CaptureKernelBenchmark : IBenchmark
{
    private const int Rounds = 3, TopK = 10, SecondsPerRound = 2;

    private static readonly (int Tokens, int Vocabulary)[] s_shapes = [(4096, 32000), (1024, 129280)];

    private static readonly (string Name, ScalarType DType)[] s_types = [("float32", ScalarType.Float32), ("bfloat16", ScalarType.BFloat16)];

    // Words: tokens, vocabulary, dtype, threads, k, seconds. Prints the median time of a pass.
    private const string Composition =
        """
        import sys, time, json, torch
        n, v, dtype, threads, k, seconds = int(sys.argv[1]), int(sys.argv[2]), getattr(torch, sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
        torch.set_num_threads(threads)
        logits, times, start = torch.randn(n, v).to(dtype), [], time.time()
        while len(times) < 3 or time.time() - start < seconds:
            begin = time.time()
            values, ids = logits.topk(k, -1)
            log_probabilities = logits.float().log_softmax(-1)
            times.append(time.time() - begin)
        print(json.dumps({"median_s": sorted(times)[len(times) // 2]}))
        """;

    public string Name => "capture-kernel";

    public string Question => "How fast are the ten largest logits, their log-sum-exp and their entropy found, beside PyTorch?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.HasTorch())
            return;
        List<IReadOnlyList<string>> rows = [];
        foreach (var (tokens, vocabulary) in s_shapes)
            foreach (var (dtype, type) in s_types)
                foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct())
                {
                    List<double> ours = [], theirs = [];
                    for (int round = 0; round < Rounds; round++)
                    {
                        ours.Add(JsonFile.Read<double>(ResultFile(run.RunRanks(1, $"{tokens}-{vocabulary}-{dtype}", threads)), "benchmark"));
                        theirs.Add(PeerPrograms.RunCode(Composition, $"{tokens}", $"{vocabulary}", dtype, $"{threads}", $"{TopK}", $"{SecondsPerRound}")[0].Number("median_s"));
                    }
                    var ratio = new PeerRatio(ours, theirs);
                    double gigabytes = (double)tokens * vocabulary * (type == ScalarType.Float32 ? sizeof(float) : sizeof(ushort)) / 1e9;
                    rows.Add(
                    [
                        $"[{tokens}, {vocabulary}]", dtype, $"{threads}", BenchmarkRun.Text(ratio.Ours, 3), BenchmarkRun.Text(gigabytes / ratio.Ours, 1),
                        BenchmarkRun.Text(ratio.Theirs, 3), ratio.Faster,
                    ]);
                }
        BenchmarkRun.Show(["logits", "type", "threads", "s", "of logits, GB/s", "PyTorch, s", "times as fast"], rows);
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        string[] words = part.Split('-');
        using var logits_NV = randn(long.Parse(words[0]), long.Parse(words[1])).to(s_types.Single(type => type.Name == words[2]).DType);
        TopKLogits.Compute(logits_NV, TopK); // code is compiled here
        List<double> seconds = [];
        for (var all = Stopwatch.StartNew(); seconds.Count < 3 || all.Elapsed.TotalSeconds < SecondsPerRound;)
        {
            var watch = Stopwatch.StartNew();
            TopKLogits.Compute(logits_NV, TopK);
            seconds.Add(watch.Elapsed.TotalSeconds);
        }
        JsonFile.Write(ResultFile(folder), BenchmarkRun.Median(seconds));
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");
}
