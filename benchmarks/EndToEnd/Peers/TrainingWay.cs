using System.Diagnostics;
using System.Globalization;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Peers;

/// <summary>A way to run the training step of a peer's model, with every step's work the same: the whole batch forward and backward, and AdamW.</summary>
/// <param name="Model">tiny or wide.</param>
/// <param name="Mode">full: every weight; lora: adapters of rank 16 on all projections.</param>
/// <param name="DType">fp32 or bf16w.</param>
/// <param name="Mesh">Ranks. The batch is cut between the data ranks.</param>
/// <param name="Threads">Of a rank.</param>
/// <param name="MicroBatches">Of a data rank's share; more than one (default) for pipelines.</param>
internal sealed record TrainingWay(string Model, string Mode, string DType, MeshShape Mesh, int Threads, int MicroBatches = 1)
{
    private const int StepsPerRound = 5, AdapterRank = 16;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(5);

    /// <summary>With whole weights to train there are weight gradients to fill a pipeline's gaps with: what docs/pipeline.md recommends.</summary>
    private IPipelineSchedule Schedule => PipelineSchedules.Of(
        Mesh.Pipeline > 1 && Mode == "full" ? PipelineScheduleKind.ZeroBubble : PipelineScheduleKind.OneForwardOneBackward);

    /// <summary>Short words for a table.</summary>
    public string Label => Mesh switch
    {
        { WorldSize: 1 } => $"1 rank, {Threads} threads",
        { Pipeline: > 1 } => $"pp={Mesh.Pipeline}, {MicroBatches} micro-batches",
        { Expert: > 1 } => $"ep={Mesh.Expert}",
        _ => $"dp={Mesh.Data}",
    };

    /// <summary>Ranks by name: tells a way from others to the ranks that run it.</summary>
    public string ToPart() =>
        string.Create(CultureInfo.InvariantCulture, $"{Model}-{Mode}-{DType}-{Mesh.Pipeline}-{Mesh.Expert}-{Mesh.Data}-{Threads}-{MicroBatches}");

    /// <summary>The other way round.</summary>
    /// <param name="part">What <see cref="ToPart"/> gave.</param>
    public static TrainingWay Parse(string part)
    {
        string[] words = part.Split('-');
        int[] numbers = [.. words.Skip(3).Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return new TrainingWay(words[0], words[1], words[2], new MeshShape(numbers[0], numbers[1], numbers[2]), numbers[3], numbers[4]);
    }

    /// <summary>Runs a job of some steps.</summary>
    /// <param name="run">Starts it.</param>
    public TrainingMeasurement Measure(BenchmarkRun run) =>
        JsonFile.Read<TrainingMeasurement>(ResultFile(run.RunRanks(Mesh.WorldSize, ToPart(), Threads)), "benchmark");

    /// <summary>One rank of the job.</summary>
    /// <param name="world">All of them.</param>
    /// <param name="folder">Where rank 0 leaves what was measured.</param>
    public void RunRank(Communicator world, string folder)
    {
        var peer = PeerModel.Of(Model);
        using var mesh = new Mesh(world, Mesh);
        var names = ModelFamilies.For(peer.Config.ModelType, Model).Names;
        using var model = ShardedModel.Create(
            peer.Config, names, new NormalWeights(), mesh, peer.Positions, DType == "fp32" ? ScalarType.Float32 : ScalarType.BFloat16);
        if (Mode == "full")
            model.Decoder.TrainEverything();
        else
            model.Decoder.AddAdapters(
                new LoraOptions
                {
                    Rank = AdapterRank,
                    Alpha = 2 * AdapterRank,
                    Targets = LoraTargets.Attention | LoraTargets.DenseMlp | LoraTargets.SharedExperts | LoraTargets.RoutedExperts,
                },
                (_, draws) => draws.Span.Fill(.5f));
        using var optimizer = new MeshOptimizer(model.Decoder, mesh, new OptimizerOptions());
        var work = new NextTokens(model.Decoder, mesh.DataRank, peer.Sequences / Mesh.Data / MicroBatches, peer.Positions);
        // The first steps compile code, and compile anew, in the background, what they call often: that is no part of a training of hours.
        var warming = Stopwatch.StartNew();
        int taken = 0;
        do
            Step();
        while (world.AllReduceScalar(warming.Elapsed < s_warmUp ? 1.0 : 0, ReduceOperation.Max) > 0);
        List<double> seconds = [];
        double waitedBefore = world.Activity.WaitedSeconds;
        while (seconds.Count < StepsPerRound)
            seconds.Add(Step());
        double waited = world.Activity.WaitedSeconds - waitedBefore;

        double Step()
        {
            world.Barrier();
            var watch = Stopwatch.StartNew();
            model.Executor.Train(work, MicroBatches, Schedule, optimizer.Listener);
            optimizer.Step(taken++, 1e-4);
            world.Barrier();
            return watch.Elapsed.TotalSeconds;
        }

        double peak = world.AllReduceScalar(PeakMemory.Bytes() / (double)(1 << 20), ReduceOperation.Sum);
        double waitedShare = world.AllReduceScalar(waited / seconds.Sum(), ReduceOperation.Sum) / world.Size;
        if (world.Rank == 0)
            JsonFile.Write(
                ResultFile(folder), new TrainingMeasurement(peer.Sequences * peer.Positions / BenchmarkRun.Median(seconds), peak, waitedShare));
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");
}

/// <summary>What a job of some steps gave.</summary>
/// <param name="TokensPerSecond">Of the whole batch over the median step.</param>
/// <param name="PeakMebibytes">Of all ranks together.</param>
/// <param name="WaitedShare">Of the steps' time, the mean of the ranks: for other ranks and for bytes to move.</param>
internal sealed record TrainingMeasurement(double TokensPerSecond, double PeakMebibytes, double WaitedShare);
