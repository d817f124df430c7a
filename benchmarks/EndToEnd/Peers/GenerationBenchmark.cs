using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// Greedy generation with a cache beside generate.py: time to the first token (TTFT) and per further token (TPOT) of the same model, prompts and batches.
/// Each side has its best setting: ours one rank with a thread for each core, or a single-threaded data rank for each, which share the batch; the peer's
/// one thread or all.
/// </summary>
internal sealed class GenerationBenchmark : IBenchmark
{
    private const int Rounds = 3, Prompt = 128, New = 32, Measured = 5;
    private const double WarmUpSeconds = 3; // code is compiled, and the busy parts of it once more

    private static readonly int[] s_batches = [1, 8, 64];

    public string Name => "generation";

    public string Question => "How fast is generation, beside PyTorch?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.AreThere())
            return;
        int cores = Environment.ProcessorCount;
        List<IReadOnlyList<string>> rows = [];
        foreach (int batch in s_batches)
        {
            (int Ranks, int Threads)[] settings = [.. new[] { (1, cores), (1, 1), (cores, 1) }.Distinct().Where(setting => batch % setting.Item1 == 0)];
            var ours = settings.MinBy(setting => Ours(run, batch, setting).PerToken);
            int threads = new[] { 1, cores }.Distinct().MinBy(count => Peer(batch, count).Number($"batch{batch}", "tpot_ms"));
            List<Measurement> mine = [];
            List<JsonElement> theirs = [];
            for (int round = 0; round < Rounds; round++)
            {
                mine.Add(Ours(run, batch, ours));
                theirs.Add(Peer(batch, threads));
            }
            foreach (var (what, our, their) in new[]
                     {
                         ("TTFT", mine.Select(m => 1000 * m.FirstToken), theirs.Select(line => line.Number($"batch{batch}", "ttft_ms"))),
                         ("TPOT", mine.Select(m => 1000 * m.PerToken), theirs.Select(line => line.Number($"batch{batch}", "tpot_ms"))),
                     })
            {
                var ratio = new PeerRatio([.. our], [.. their]);
                rows.Add(
                [
                    $"{batch}", what, BenchmarkRun.Text(ratio.Ours, 2), ours.Ranks > 1 ? $"{ours.Ranks} ranks" : $"{ours.Threads} threads",
                    BenchmarkRun.Text(ratio.Theirs, 2), $"{threads} threads", ratio.Faster,
                ]);
            }
        }
        BenchmarkRun.Show(["batch", "time", "ms", "setting", "PyTorch, ms", "setting", "times as fast"], rows);
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        int sequences = int.Parse(part.Split('-')[0], CultureInfo.InvariantCulture) / world.Size;
        DecoderConfig config = PeerModel.Tiny.Config;
        using var mesh = new Mesh(world, new MeshShape(1, 1, world.Size));
        using var model = ShardedModel.Create(config, ModelFamilies.For(config.ModelType, Name).Names, new NormalWeights(), mesh, Prompt + New);
        int[][] prompts = GenerationSample.Prompts(sequences, Prompt, config.VocabularySize);
        List<double> first = [], gaps = [];
        bool isWarm = false;
        for (long begun = Stopwatch.GetTimestamp(); first.Count < Measured;)
        {
            world.Barrier();
            var (toFirst, toNext) = GenerationSample.Run(model, prompts, New);
            if (isWarm)
            {
                first.Add(toFirst);
                gaps.AddRange(toNext);
            }
            isWarm = world.AllReduceScalar(Stopwatch.GetElapsedTime(begun).TotalSeconds, ReduceOperation.Min) > WarmUpSeconds;
        }
        if (world.Rank == 0)
            JsonFile.Write(ResultFile(folder), new Measurement(BenchmarkRun.Median(first), BenchmarkRun.Median(gaps)));
    }

    private static Measurement Ours(BenchmarkRun run, int batch, (int Ranks, int Threads) setting) => JsonFile.Read<Measurement>(
        ResultFile(run.RunRanks(setting.Ranks, string.Create(CultureInfo.InvariantCulture, $"{batch}-{setting.Threads}"), setting.Threads)), "benchmark");

    private static JsonElement Peer(int batch, int threads) => PeerPrograms.Run(
        "generate.py", "--threads", $"{threads}", "--batches", $"{batch}", "--prompt", $"{Prompt}", "--new", $"{New}", "--seconds", "1")[0];

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");

    private sealed record Measurement(double FirstToken, double PerToken);
}
