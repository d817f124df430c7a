using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// Two single-threaded ranks, by each axis of the mesh, beside one rank with two threads: the training step of the peers' models on the same batch, and
/// what share of it the ranks wait for each other.
/// </summary>
internal sealed class RanksBenchmark : IBenchmark
{
    private const int Rounds = 3;

    private static readonly (string Model, string DType)[] s_cases = [("tiny", "fp32"), ("tiny", "bf16w"), ("wide", "fp32"), ("wide", "bf16w")];

    public string Name => "ranks";

    public string Question => "Are two single-threaded ranks as fast as one rank with two threads?";

    public void Run(BenchmarkRun run)
    {
        List<IReadOnlyList<string>> rows = [];
        foreach (var (model, dtype) in s_cases)
        {
            var one = new TrainingWay(model, "full", dtype, MeshShape.OneRank, Threads: 2);
            TrainingWay[] two =
            [
                one with { Mesh = new(2, 1, 1), Threads = 1, MicroBatches = PeerModel.Of(model).Sequences },
                one with { Mesh = new(1, 2, 2), Threads = 1 },
                one with { Mesh = new(1, 1, 2), Threads = 1 },
            ];
            List<TrainingMeasurement> alone = [];
            List<TrainingMeasurement>[] together = [.. two.Select(_ => new List<TrainingMeasurement>())];
            for (int round = 0; round < Rounds; round++)
            {
                alone.Add(one.Measure(run));
                for (int i = 0; i < two.Length; i++)
                    together[i].Add(two[i].Measure(run));
            }
            for (int i = 0; i < two.Length; i++)
            {
                double[] ratios = [.. together[i].Zip(alone, (ranks, rank) => ranks.TokensPerSecond / rank.TokensPerSecond)];
                rows.Add(
                [
                    model, dtype == "fp32" ? "float32" : "bfloat16", two[i].Label,
                    BenchmarkRun.Text(BenchmarkRun.Median(together[i].Select(m => m.TokensPerSecond)), 0),
                    BenchmarkRun.Text(BenchmarkRun.Median(alone.Select(m => m.TokensPerSecond)), 0),
                    $"{BenchmarkRun.Text(BenchmarkRun.Median(ratios), 2)} ({BenchmarkRun.Text(ratios.Min(), 2)} to {BenchmarkRun.Text(ratios.Max(), 2)})",
                    $"{100 * BenchmarkRun.Median(together[i].Select(m => m.WaitedShare)):F0} %",
                ]);
            }
        }
        BenchmarkRun.Show(["model", "weights", "two ranks", "tokens/s", "one rank, tokens/s", "ratio", "waiting, of the step"], rows);
    }

    public void RunRank(Communicator world, string part, string folder) => TrainingWay.Parse(part).RunRank(world, folder);
}
