using System.Diagnostics;
using System.Security.Cryptography;
using E3Scale.Data.Corpora;
using E3Scale.Data.Tokenizers;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Pretrain;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.Sharding.Planning;
using JsonFile = E3Scale.Sharding.JsonFile;

namespace E3Scale.Benchmarks.Planning;

/// <summary>Training of a model whose state and activations weigh more than the process around them.</summary>
internal static class PlannedTraining
{
    private const int Steps = 5;
    private const int Sequences = 16;
    private const int Vocabulary = 1024;

    /// <summary>DeepSeek-V3 in small: 8 layers, the first dense, 8 experts; 26 million parameters.</summary>
    public static DecoderConfig Config { get; } = new()
    {
        ModelType = "deepseek_v3",
        VocabularySize = Vocabulary,
        HiddenSize = 256,
        LayerCount = 8,
        IntermediateSize = 1536,
        RmsNormEpsilon = 1e-6,
        TieWordEmbeddings = false,
        MaxPositions = 256,
        Rope = new RopeConfig(10000, 16, Interleaved: true),
        Attention = new LatentAttentionConfig
        {
            HeadCount = 4, QueryLoraRank = 128, KeyValueLoraRank = 64, NopeHeadDim = 32, RopeHeadDim = 16, ValueHeadDim = 32,
        },
        Moe = new MoeConfig
        {
            LayerIsMoe = [false, true, true, true, true, true, true, true],
            RoutedExpertCount = 8,
            ExpertsPerToken = 2,
            ExpertIntermediateSize = 512,
            SharedIntermediateSize = 512,
            RoutedScaling = 2.5,
            HasCorrectionBias = true,
        },
    };

    /// <summary>Full training with cross-entropy.</summary>
    public static PlanWorkload Workload { get; } = new()
    {
        SequenceLength = 256, BatchSequences = Sequences, MicroBatchSequences = 1, Steps = 1, SearchSteps = 1, CheckpointBytes = 1,
    };

    /// <summary>Writes the corpus that all ranks read.</summary>
    public static void WriteCorpus(string folder) => PackedCorpusBuilder.Build(
        CorpusIn(folder), Enumerable.Range(0, 4 * Sequences).Select(i => new CorpusDocument(new string((char)('a' + i % 26), Workload.SequenceLength))),
        new CharacterTokenizer(Vocabulary), new PackedCorpusOptions { SequenceLength = Workload.SequenceLength }).Dispose();

    /// <summary>Trains and measures. Collective over the world.</summary>
    public static void Run(Communicator world, MeshShape shape, string folder)
    {
        using var mesh = new Mesh(world, shape);
        using var corpus = PackedCorpus.Open(CorpusIn(Path.GetDirectoryName(folder)!));
        // Code and libraries are loaded, and one time buffers made, before memory is counted.
        Train(mesh, corpus, Config with { HiddenSize = 32, LayerCount = shape.Pipeline, VocabularySize = Vocabulary }, 1);
        PeakMemory.Reset();
        long baseline = PeakMemory.Bytes();
        var (step, pass) = Train(mesh, corpus, Config, Steps);
        long peak = PeakMemory.Bytes(), largest = world.AllReduceScalar(peak, ReduceOperation.Max);
        long ownBaseline = world.AllReduceScalar(peak == largest ? baseline : 0, ReduceOperation.Max);
        if (world.Rank == 0)
            JsonFile.Write(MeasuredTraining.FileIn(folder), new MeasuredTraining
            {
                PeakBytes = largest, BaselineBytes = ownBaseline, StepSeconds = step, PassSeconds = pass,
            });
    }

    private static (double Step, double Passes) Train(Mesh mesh, PackedCorpus corpus, DecoderConfig config, int steps)
    {
        var names = ModelFamilies.For(config.ModelType, "benchmark").Names;
        var weights = new RandomWeights(seed: 1, deviation: 0.02, names, config.LayerCount);
        using var model = ShardedModel.Create(config, names, weights, mesh, Workload.SequenceLength);
        using var objective = new CrossEntropyObjective(corpus);
        using var trainer = new StudentTrainer(model, corpus, new TrainOptions { BatchSequences = Sequences, MicroBatchSequences = 1 }, objective);
        var (whole, passes) = (new List<double>(), new List<double>());
        for (int step = 0; step < steps; step++)
        {
            mesh.World.Barrier();
            long start = Stopwatch.GetTimestamp();
            trainer.Step(step, beforeUpdate: () =>
            {
                passes.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                return true;
            });
            whole.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        whole.Sort();
        passes.Sort();
        return (whole[steps / 2], passes[steps / 2]);
    }

    private static string CorpusIn(string folder) => Path.Combine(folder, "corpus.bin");
}
