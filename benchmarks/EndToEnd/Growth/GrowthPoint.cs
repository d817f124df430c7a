using System.Diagnostics;
using System.Globalization;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using E3Scale.Sharding.Planning;

namespace E3Scale.Benchmarks.Growth;

/// <summary>A size of model and work. The smallest values of every axis are the defaults.</summary>
/// <param name="Sequences">Of a step, all in one micro-batch of each rank.</param>
/// <param name="Layers">All of them mixtures of experts.</param>
/// <param name="Experts">Routed ones of a layer.</param>
/// <param name="ExpertsPerToken">That a token visits.</param>
/// <param name="Vocabulary">Of embedding and head.</param>
/// <param name="StoredLogits">Teacher logits per token that the loss reads; 0 for cross-entropy over the vocabulary.</param>
/// <param name="Ranks">Single-threaded data ranks.</param>
internal sealed record GrowthPoint(
    int Sequences = 4, int Layers = 2, int Experts = 8, int ExpertsPerToken = 1, int Vocabulary = 2048, int StoredLogits = 0, int Ranks = 1)
{
    private const int Steps = 9, WarmUpSteps = 80, Positions = 256;

    /// <summary>The mesh.</summary>
    public MeshShape Mesh => new(1, 1, Ranks);

    /// <summary>The model.</summary>
    public DecoderConfig Config => MixtureModel.Of(
        Layers, hidden: 128, new() { HeadCount = 4, QueryLoraRank = 64, KeyValueLoraRank = 32, NopeHeadDim = 16, RopeHeadDim = 16, ValueHeadDim = 32 },
        denseWidth: 384, Experts, expertWidth: 256, denseLayers: 0, ExpertsPerToken, groups: (1, 1), Vocabulary);

    /// <summary>What the planner is told of the work.</summary>
    public PlanWorkload Workload => new()
    {
        SequenceLength = Positions, BatchSequences = Sequences, MicroBatchSequences = Sequences / Ranks, Steps = 1, SearchSteps = 1, CheckpointBytes = 1,
        LogitsPerPosition = StoredLogits == 0 ? null : StoredLogits,
    };

    /// <summary>Runs a job of some steps.</summary>
    /// <param name="run">Starts it.</param>
    public GrowthMeasurement Measure(BenchmarkRun run) => JsonFile.Read<GrowthMeasurement>(ResultFile(run.RunRanks(Ranks, ToPart())), "benchmark");

    /// <summary>One rank of the job.</summary>
    /// <param name="world">All of them.</param>
    /// <param name="folder">Where rank 0 leaves what was measured.</param>
    public void RunRank(Communicator world, string folder)
    {
        using var mesh = new Mesh(world, Mesh);
        (this with { Sequences = Ranks, Layers = 1, Experts = 4, Vocabulary = 256 }).Train(mesh, WarmUpSteps); // code is compiled as well as it will be, buffers of libraries are made
        PeakMemory.Reset();
        long baseline = PeakMemory.Bytes();
        double seconds = Train(mesh, Steps);
        double bytes = world.AllReduceScalar((double)(PeakMemory.Bytes() - baseline), ReduceOperation.Max);
        if (world.Rank == 0)
            JsonFile.Write(ResultFile(folder), new GrowthMeasurement(seconds, bytes));
    }

    /// <summary>The other way round.</summary>
    /// <param name="part">What <see cref="ToPart"/> gave.</param>
    public static GrowthPoint Parse(string part)
    {
        int[] n = [.. part.Split('-').Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return new GrowthPoint(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    }

    private string ToPart() =>
        string.Create(CultureInfo.InvariantCulture, $"{Sequences}-{Layers}-{Experts}-{ExpertsPerToken}-{Vocabulary}-{StoredLogits}-{Ranks}");

    /// <summary>Median seconds of a step, of the slowest rank.</summary>
    private double Train(Mesh mesh, int steps)
    {
        DecoderConfig config = Config;
        using var model = ShardedModel.Create(config, ModelFamilies.For(config.ModelType, "benchmark").Names, new NormalWeights(), mesh, Positions);
        model.Decoder.TrainEverything();
        using var optimizer = new MeshOptimizer(model.Decoder, mesh, new OptimizerOptions());
        var next = new NextTokens(model.Decoder, mesh.DataRank, Sequences / Ranks, Positions);
        IMicroBatchWork work = StoredLogits == 0 ? next : new StoredTokens(next, model.Decoder, Sequences / Ranks * Positions, StoredLogits);
        var seconds = new List<double>();
        for (int step = -1; step < steps; step++)
        {
            mesh.World.Barrier();
            var watch = Stopwatch.StartNew();
            model.Executor.Train(work, 1, listener: optimizer.Listener);
            optimizer.Step(step + 1, 1e-4);
            double slowest = mesh.World.AllReduceScalar(watch.Elapsed.TotalSeconds, ReduceOperation.Max);
            if (step >= 0)
                seconds.Add(slowest);
        }
        return BenchmarkRun.Median(seconds);
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");
}

/// <summary>What a job gave.</summary>
/// <param name="Seconds">Of a step.</param>
/// <param name="Bytes">Peak of a rank above what the process held before it had the model.</param>
internal sealed record GrowthMeasurement(double Seconds, double Bytes);
