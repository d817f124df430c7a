using System.Diagnostics;
using System.Globalization;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks;

/// <summary>
/// Memory and time of a training step with ZeRO, recomputation and bfloat16, each on and off, over two data ranks and over two pipeline stages.
/// A job per way, so that each has a peak of its own.
/// </summary>
internal sealed class TrainMemoryBenchmark : IBenchmark
{
    private const int Ranks = 2, Steps = 1, MicroBatches = 2, Sequences = 2, Positions = 128;

    // 16 layers as in models/tiny-r1, three times as wide: 48 million weights, so that they outweigh what a process takes anyway.
    private static readonly DecoderConfig s_model = MixtureModel.Of(
        layers: 16, hidden: 384,
        new() { HeadCount = 6, QueryLoraRank = 192, KeyValueLoraRank = 128, NopeHeadDim = 48, RopeHeadDim = 16, ValueHeadDim = 48 },
        denseWidth: 1024, experts: 8, expertWidth: 256);

    private static readonly (string Name, MeshShape Shape)[] s_meshes = [("data 2", new(1, 1, 2)), ("pipeline 2", new(2, 1, 1))];

    public string Name => "train-memory";

    public string Question => "What do ZeRO, recomputation and bfloat16 save, and what do they cost?";

    /// <summary>All ways, as parts: mesh, ZeRO, recomputation, type.</summary>
    private static IEnumerable<Way> Ways =>
        from mesh in Enumerable.Range(0, s_meshes.Length)
        from dtype in new[] { ScalarType.Float32, ScalarType.BFloat16 }
        from zero in new[] { 0, 1 }
        from recomputation in new[] { Recomputation.None, Recomputation.Layer }
        where zero == 0 || s_meshes[mesh].Shape.Data > 1 // nobody to share with
        select new Way(mesh, zero, recomputation, dtype);

    public void Run(BenchmarkRun run)
    {
        var measured = Ways.ToDictionary(way => way, way => JsonFile.Read<Measurement[]>(ResultFile(run.RunRanks(Ranks, way.ToPart())), "benchmark"));
        BenchmarkRun.Show(
            ["mesh", "type", "ZeRO", "recomputed", "peak above start, MiB (largest rank)", "of plain", "step, s", "of plain"],
            Ways.Select(way =>
            {
                var plain = measured[way with { Zero = 0, Recomputation = Recomputation.None, DType = ScalarType.Float32 }];
                var (peak, seconds) = (Peak(measured[way]), Seconds(measured[way]));
                return (IReadOnlyList<string>)
                [
                    s_meshes[way.Mesh].Name, way.DType == ScalarType.Float32 ? "float32" : "bfloat16", $"{way.Zero}",
                    way.Recomputation == Recomputation.Layer ? "layers" : "nothing",
                    BenchmarkRun.Text(peak, 0), BenchmarkRun.Text(peak / Peak(plain), 2), BenchmarkRun.Text(seconds, 2), BenchmarkRun.Text(seconds / Seconds(plain), 2),
                ];
            }));
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        var way = Way.Parse(part);
        using var mesh = new Mesh(world, s_meshes[way.Mesh].Shape);
        var names = ModelFamilies.For(s_model.ModelType, Name).Names;
        using (var warm = randn(64, 64))
            warm.matmul(warm).Dispose(); // the libraries' own memory belongs to the start
        PeakMemory.Reset();
        long start = PeakMemory.Bytes();
        using var model = ShardedModel.Create(s_model, names, new NormalWeights(), mesh, Positions, way.DType);
        model.Decoder.TrainEverything();
        model.Decoder.Recomputation = way.Recomputation;
        using var optimizer = new MeshOptimizer(model.Decoder, mesh, new OptimizerOptions { ShardsStates = way.Zero > 0 });
        var work = new NextTokens(model.Decoder, mesh.DataRank, Sequences, Positions);
        double fastest = double.PositiveInfinity;
        for (int step = 0; step <= Steps; step++)
        {
            world.Barrier();
            var watch = Stopwatch.StartNew();
            model.Executor.Train(work, MicroBatches / mesh.Shape.Data, listener: optimizer.Listener);
            optimizer.Step(step, 1e-4);
            if (step > 0) // code is compiled in the first
                fastest = Math.Min(fastest, watch.Elapsed.TotalSeconds);
        }
        double[] peaks = new double[world.Size];
        world.AllGather([(PeakMemory.Bytes() - start) / (double)(1 << 20)], peaks);
        if (world.Rank == 0)
            JsonFile.Write(ResultFile(folder), peaks.Select(peak => new Measurement(peak, fastest)));
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");

    private static double Peak(IEnumerable<Measurement> all) => all.Max(m => m.PeakMebibytes);

    private static double Seconds(IEnumerable<Measurement> all) => all.Min(m => m.StepSeconds);

    private sealed record Measurement(double PeakMebibytes, double StepSeconds);

    private sealed record Way(int Mesh, int Zero, Recomputation Recomputation, ScalarType DType)
    {
        public string ToPart() => $"{Mesh}-{Zero}-{Recomputation}-{DType}";

        public static Way Parse(string part)
        {
            string[] words = part.Split('-');
            return new Way(
                int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture),
                Enum.Parse<Recomputation>(words[2]), Enum.Parse<ScalarType>(words[3]));
        }
    }
}
