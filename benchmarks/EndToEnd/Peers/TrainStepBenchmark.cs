using System.Text.Json;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// A training step (forward, backward, AdamW) beside train_step.py: the same models, batch and types, every weight or adapters of rank 16 on all
/// projections. On the whole machine each side has its best setting: of ours as many single-threaded ranks as cores, which replicate the experts or share them
/// out, or one rank with a thread for each core; of the peer's threads and ways to dispatch to experts. Then both on one core.
/// </summary>
internal sealed class TrainStepBenchmark : IBenchmark
{
    private const int Rounds = 2;

    private static readonly int s_cores = Environment.ProcessorCount;

    private static readonly (string Model, string Mode, string DType)[] s_cases =
        [.. from model in new[] { "tiny", "wide" } from mode in new[] { "full", "lora" } from dtype in new[] { "fp32", "bf16w" } select (model, mode, dtype)];

    public string Name => "train-step";

    public string Question => "How many tokens a second are trained, beside PyTorch, and how far is that from the machine's limit?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.AreThere())
            return;
        List<IReadOnlyList<string>> rows = [];
        foreach (var (model, mode, dtype) in s_cases)
            foreach (int cores in new[] { s_cores, 1 }.Distinct())
            {
                rows.Add(Compare(run, model, mode, dtype, cores));
                Console.Error.WriteLine(string.Join(" | ", rows[^1])); // the table comes after many minutes
            }
        BenchmarkRun.Show(
            ["model", "trained", "weights", "cores", "tokens/s", "setting", "PyTorch, tokens/s", "setting", "ratio", "spread", "of matmul peak", "PyTorch", "peak memory, MiB", "of PyTorch's"],
            rows);
    }

    public void RunRank(Communicator world, string part, string folder) => TrainingWay.Parse(part).RunRank(world, folder);

    private static IReadOnlyList<string> Compare(BenchmarkRun run, string model, string mode, string dtype, int cores)
    {
        TrainingWay Way(int ranks, int threads, int expert = 1) => new(model, mode, dtype, new MeshShape(1, expert, ranks), threads);

        // One round finds the best setting of each side, the others compare these two in turn.
        var ours = (cores == 1 ? [Way(1, 1)] : new[] { Way(cores, 1), Way(cores, 1, expert: cores), Way(1, cores) }).MaxBy(way => way.Measure(run).TokensPerSecond)!;
        var theirs = (from threads in new[] { cores, 1 }.Distinct() from dispatch in new[] { "loop", "sorted" } select (threads, dispatch))
            .MaxBy(setting => Peer(model, mode, dtype, setting.threads, setting.dispatch).Number("tokens_per_s"));
        List<TrainingMeasurement> mine = [];
        List<JsonElement> peer = [];
        for (int round = 0; round < Rounds; round++)
        {
            mine.Add(ours.Measure(run));
            peer.Add(Peer(model, mode, dtype, theirs.threads, theirs.dispatch));
        }
        double[] ratios = [.. mine.Zip(peer, (our, their) => our.TokensPerSecond / their.Number("tokens_per_s"))];
        double tokens = BenchmarkRun.Median(mine.Select(m => m.TokensPerSecond)), memory = mine.Max(m => m.PeakMebibytes);
        // Multiplications that the model needs, counted as the peer counts them, of what the peer's library reaches with large matrices on as many cores.
        double peak = peer.Max(line => line.Number("peak_gflops")) * (theirs.threads < cores ? cores : 1);
        double work = peer[0].Number("mflop_per_token") / 1000;
        double peerTokens = BenchmarkRun.Median(peer.Select(line => line.Number("tokens_per_s")));
        return
        [
            model, mode, dtype == "fp32" ? "float32" : "bfloat16", $"{cores}",
            BenchmarkRun.Text(tokens, 0), ours.Label,
            BenchmarkRun.Text(peerTokens, 0), $"{theirs.threads} threads, {theirs.dispatch}",
            BenchmarkRun.Text(BenchmarkRun.Median(ratios), 2), $"{BenchmarkRun.Text(ratios.Min(), 2)} to {BenchmarkRun.Text(ratios.Max(), 2)}",
            $"{100 * tokens * work / peak:F0} %", $"{100 * peerTokens * work / peak:F0} %",
            BenchmarkRun.Text(memory, 0), BenchmarkRun.Text(memory / peer.Min(line => line.Number("peak_rss_mib")), 2),
        ];
    }

    private static JsonElement Peer(string model, string mode, string dtype, int threads, string dispatch) => PeerPrograms.Run(
        "train_step.py", "--config", model, "--mode", mode, "--dtype", dtype, "--threads", $"{threads}", "--dispatch", dispatch, "--seconds", "1")[0];
}
