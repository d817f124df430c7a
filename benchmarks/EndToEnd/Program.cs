using E3Scale.Benchmarks.Checkpoints;
using E3Scale.Benchmarks.Growth;
using E3Scale.Benchmarks.Peers;
using E3Scale.Benchmarks.Planning;
using E3Scale.Benchmarks.Stores;
using E3Scale.Mpi;

namespace E3Scale.Benchmarks;

/// <summary>E3Scale.Benchmarks [NAME...]: runs the named benchmarks, or all.</summary>
internal static class Program
{
    /// <summary>First argument of a rank: --rank NAME PART FOLDER.</summary>
    public const string RankWord = "--rank";

    private static readonly IBenchmark[] Benchmarks =
    [
        new FrozenWeightsBenchmark(),
        new TrainMemoryBenchmark(),
        new PipelineBubbleBenchmark(),
        new ExpertDispatchBenchmark(),
        new ExpertPlacementBenchmark(),
        new RepartitionBenchmark(),
        new SearchCostBenchmark(),
        new TrainStepBenchmark(),
        new RanksBenchmark(),
        new CollectivesBenchmark(),
        new KdLossBenchmark(),
        new CaptureKernelBenchmark(),
        new ImportanceBenchmark(),
        new GenerationBenchmark(),
        new GenerationContextBenchmark(),
        new PlanAccuracyBenchmark(),
        new GrowthBenchmark(),
        new StoreEncodingBenchmark(),
        new StoreCaptureBenchmark(),
        new StorePrefetchBenchmark(),
        new TokenizerBenchmark(),
        new LoadCheckpointBenchmark(),
        new LargeIndexBenchmark(),
    ];

    private static int Main(string[] arguments)
    {
        if (arguments is [RankWord, var rankOf, var part, var results])
            return MpiEnvironment.RunRank(
                mpi =>
                {
                    Benchmarks.Single(benchmark => benchmark.Name == rankOf).RunRank(mpi.World, part, results);
                    return 0;
                },
                results);

        if (arguments.FirstOrDefault(name => Benchmarks.All(benchmark => benchmark.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no benchmark '{unknown}'. There are:");
            foreach (IBenchmark benchmark in Benchmarks)
                Console.Error.WriteLine($"  {benchmark.Name,-24} {benchmark.Question}");
            return 2;
        }
        foreach (IBenchmark benchmark in Benchmarks.Where(benchmark => arguments.Length == 0 || arguments.Contains(benchmark.Name)))
            Run(benchmark);
        return 0;
    }

    private static void Run(IBenchmark benchmark)
    {
        Console.WriteLine($"## {benchmark.Name}: {benchmark.Question}\n");
        string folder = Directory.CreateTempSubdirectory("e3scale-bench-").FullName;
        try
        {
            benchmark.Run(new BenchmarkRun(benchmark.Name, folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
