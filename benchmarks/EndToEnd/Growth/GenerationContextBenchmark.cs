using System.Diagnostics;
using System.Globalization;
using E3Scale.Benchmarks.Peers;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Growth;

/// <summary>
/// Time per new token (TPOT) as the context grows, beside the time that reading the cache once takes at the bandwidth of this machine's memory, measured in
/// the same process. The tiny model in float32, one rank with a thread for each core.
/// </summary>
internal sealed class GenerationContextBenchmark : IBenchmark
{
    private const int Rounds = 3, New = 96;
    private const double WarmUpSeconds = 3;

    private static readonly int[] s_batches = [1, 8], s_contexts = [512, 2048, 4096, 8192];

    public string Name => "generation-context";

    public string Question => "How much longer does a new token take as the context grows, beside reading the cache once?";

    public void Run(BenchmarkRun run)
    {
        List<IReadOnlyList<string>> rows = [];
        foreach (int batch in s_batches)
        {
            // Rounds over all contexts, so that a busy spell of the machine does not hit one of them alone.
            Measurement[][] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => s_contexts.Select(context => Measure(run, batch, context)).ToArray())];
            Measurement[] middle = [.. s_contexts.Select((_, i) => new Measurement(
                BenchmarkRun.Median(rounds.Select(round => round[i].PerToken)), rounds[0][i].CacheBytes, BenchmarkRun.Median(rounds.Select(round => round[i].BytesPerSecond))))];
            for (int i = 0; i < s_contexts.Length; i++)
            {
                double bytes = middle[i].CacheBytes - middle[0].CacheBytes;
                double[] ratios = [.. rounds.Select(round => (round[i].PerToken - round[0].PerToken) / (bytes / round[i].BytesPerSecond))];
                rows.Add(
                [
                    $"{batch}", $"{s_contexts[i]}", BenchmarkRun.Text(1e3 * middle[i].PerToken, 2), BenchmarkRun.Text(middle[i].CacheBytes / 1e6, 1),
                    BenchmarkRun.Text(middle[i].BytesPerSecond / 1e9, 1),
                    .. i == 0
                        ? new[] { "", "", "" }
                        :
                        [
                            BenchmarkRun.Text(1e3 * (middle[i].PerToken - middle[0].PerToken), 2), BenchmarkRun.Text(1e3 * bytes / middle[i].BytesPerSecond, 2),
                            BenchmarkRun.Spread(ratios),
                        ],
                ]);
            }
        }
        BenchmarkRun.Show(
            ["batch", "context", "TPOT, ms", "cache, MB", "memory read, GB/s", "growth, ms", "reading what the cache grew by, ms", "growth of that time"], rows);
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        int[] sizes = [.. part.Split('-').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        (int batch, int context) = (sizes[0], sizes[1]);
        DecoderConfig config = PeerModel.Tiny.Config;
        using var mesh = new Mesh(world, new MeshShape(1, 1, world.Size));
        using var model = ShardedModel.Create(config, ModelFamilies.For(config.ModelType, Name).Names, new NormalWeights(), mesh, context + New);
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun).TotalSeconds < WarmUpSeconds;)
            GenerationSample.Run(model, GenerationSample.Prompts(batch, 64, config.VocabularySize), New);
        var (_, gaps) = GenerationSample.Run(model, GenerationSample.Prompts(batch, context - New / 2, config.VocabularySize), New);
        JsonFile.Write(ResultFile(folder), new Measurement(BenchmarkRun.Median(gaps), CacheBytes(config, batch, context), ReadBandwidth()));
    }

    private static Measurement Measure(BenchmarkRun run, int batch, int context) => JsonFile.Read<Measurement>(
        ResultFile(run.RunRanks(1, string.Create(CultureInfo.InvariantCulture, $"{batch}-{context}"), Environment.ProcessorCount)), "benchmark");

    // Latent and rotary key of each position and layer, float32.
    private static long CacheBytes(DecoderConfig config, int batch, int context)
    {
        var attention = (LatentAttentionConfig)config.Attention;
        return 4L * batch * context * config.LayerCount * (attention.KeyValueLoraRank + attention.RopeHeadDim);
    }

    private static double ReadBandwidth()
    {
        using var memory = ones(1 << 27);
        List<double> seconds = [];
        for (int i = 0; i < 7; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using var sum = memory.sum();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return 4L * (1 << 27) / BenchmarkRun.Median(seconds);
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");

    private sealed record Measurement(double PerToken, long CacheBytes, double BytesPerSecond);
}
