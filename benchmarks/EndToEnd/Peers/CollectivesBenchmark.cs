using System.Diagnostics;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// All-to-all (what experts exchange) and all-reduce (gradients) between two ranks beside limits_mpi.py, which calls the same MPI library from C:
/// the same sizes, the slowest rank's time, the median over repetitions.
/// </summary>
internal sealed class CollectivesBenchmark : IBenchmark
{
    private const int Rounds = 3, Ranks = 2;

    // Bytes: for each pair in all-to-all, of the whole vector in all-reduce. The program's sizes from 256 KiB on.
    private static readonly (string Operation, int Bytes)[] s_cases =
        [("alltoallv", 1 << 18), ("alltoallv", 1 << 22), ("allreduce", 1 << 18), ("allreduce", 1 << 21), ("allreduce", 1 << 24)];

    public string Name => "collectives";

    public string Question => "How near are all-to-all and all-reduce to the bandwidth of MPI alone?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.AreThere())
            return;
        List<double>[] ours = [.. s_cases.Select(_ => new List<double>())], theirs = [.. s_cases.Select(_ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            double[] seconds = JsonFile.Read<double[]>(ResultFile(run.RunRanks(Ranks, "all")), "benchmark");
            var results = PeerPrograms.Run("limits_mpi.py", "--mpis", "openmpi", "--ranks", $"{Ranks}", "--seconds", "11")[0].GetProperty("results");
            for (int i = 0; i < s_cases.Length; i++)
            {
                ours[i].Add(seconds[i]);
                theirs[i].Add(results.GetProperty(s_cases[i].Operation).EnumerateArray().Single(line => line.Number("bytes") == s_cases[i].Bytes).Number("us") / 1e6);
            }
        }
        BenchmarkRun.Show(
            ["operation", "KiB", "MB/s", "MPI from C, MB/s", "share of its bandwidth"],
            s_cases.Select((entry, i) =>
            {
                var ratio = new PeerRatio(ours[i], theirs[i]);
                return (IReadOnlyList<string>)
                [
                    entry.Operation, $"{entry.Bytes >> 10}", BenchmarkRun.Text(entry.Bytes / ratio.Ours / 1e6, 0), BenchmarkRun.Text(entry.Bytes / ratio.Theirs / 1e6, 0),
                    ratio.Faster,
                ];
            }));
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        double[] medians = [.. s_cases.Select(entry => Seconds(world, entry.Operation, entry.Bytes / sizeof(float)))];
        if (world.Rank == 0)
            JsonFile.Write(ResultFile(folder), medians);
    }

    private static double Seconds(Communicator world, string operation, int count)
    {
        int all = operation == "alltoallv" ? count * world.Size : count;
        float[] data = new float[all], result = new float[all];
        long[] counts = [.. Enumerable.Repeat((long)count, world.Size)];
        List<double> seconds = [];
        int repetitions = count * sizeof(float) < 1 << 22 ? 100 : 20;
        for (int i = -2; i < repetitions; i++)
        {
            world.Barrier();
            var watch = Stopwatch.StartNew();
            if (operation == "alltoallv")
                world.AllToAllV(data, counts, result, counts);
            else
                world.AllReduce(data.AsSpan(), ReduceOperation.Sum);
            double slowest = world.AllReduceScalar(watch.Elapsed.TotalSeconds, ReduceOperation.Max);
            if (i >= 0)
                seconds.Add(slowest);
        }
        return BenchmarkRun.Median(seconds);
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");
}
