using System.Diagnostics;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks;

/// <summary>
/// What finding out costs: leave-one-out importance, which computes what comes before a layer once for all layers after it, beside a whole forward
/// pass for every layer; and a step of the search, in which a dropped layer only runs forward, beside a step of the whole model.
/// </summary>
internal sealed class SearchCostBenchmark : IBenchmark
{
    private const int Rounds = 7, Positions = 128, Sequences = 4, MicroBatches = 2;

    private static readonly DecoderConfig s_model = MixtureModel.Of(
        layers: 16, hidden: 256,
        new() { HeadCount = 4, QueryLoraRank = 128, KeyValueLoraRank = 128, NopeHeadDim = 48, RopeHeadDim = 16, ValueHeadDim = 64 },
        denseWidth: 1024, experts: 8, expertWidth: 256);

    public string Name => "search-cost";

    public string Question => "What do leave-one-out importance and a step of the search cost, in forward passes and in steps of the whole model?";

    public void Run(BenchmarkRun run)
    {
        PackedCorpusBuilder.Build(
            CorpusIn(run.Folder), Enumerable.Range(0, 4 * Sequences).Select(i => new CorpusDocument(new string((char)('a' + i % 26), Positions))),
            new CharacterTokenizer(s_model.VocabularySize), new PackedCorpusOptions { SequenceLength = Positions }).Dispose();
        Measurement measured = JsonFile.Read<Measurement>(ResultFile(run.RunRanks(1, "times")), "benchmark");
        BenchmarkRun.Show(
            ["what", "s", "beside", "s", "ratio"],
            [
                Row("importance of all layers", measured.Importance, $"{s_model.LayerCount} forward passes", s_model.LayerCount * measured.Forward),
                Row("step, half of the layers dropped", measured.HalfStep, "step of the whole model", measured.WholeStep),
                Row("step of the search, none dropped yet", measured.MaskedStep, "step of the whole model", measured.WholeStep),
            ]);
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        using var mesh = new Mesh(world, MeshShape.OneRank);
        var names = ModelFamilies.For(s_model.ModelType, Name).Names;
        using var model = ShardedModel.Create(s_model, names, new NormalWeights(), mesh, Positions);
        using var corpus = PackedCorpus.Open(CorpusIn(Path.GetDirectoryName(folder)!));
        var batches = new CalibrationBatches(corpus, Sequences, Sequences, seed: 1);
        var probe = new ModelProbe(model, corpus, batches);
        bool[] all = [.. Enumerable.Repeat(true, s_model.LayerCount)];
        int[] layers = [.. Enumerable.Range(0, s_model.LayerCount)];
        double[] inference = Times(
            () => probe.LossWithoutEach(all, layers, ProbeMetric.Kl),
            () => ForwardPass.Run(model, corpus, batches.All, (_, _) => { }));

        model.Decoder.TrainEverything();
        using var optimizer = new MeshOptimizer(model.Decoder, mesh, new OptimizerOptions());
        int steps = 0;
        double[] training = Times(
            () => Step(null),
            () => Step([.. all.Select((_, layer) => layer % 2 == 0)]),
            () => Step(all));
        JsonFile.Write(ResultFile(folder), new Measurement(inference[0], inference[1], training[0], training[1], training[2]));

        void Step(bool[]? kept)
        {
            Tensor[] masks = kept is null ? [] : Array.ConvertAll(kept, isKept => tensor(isKept ? 1f : 0f, requires_grad: true));
            var work = new NextTokens(model.Decoder, 0, Sequences, Positions, kept is null ? null : new LayerGate(kept, masks));
            model.Executor.Train(work, MicroBatches, listener: optimizer.Listener);
            optimizer.Step(steps++, 1e-5);
            foreach (Tensor mask in masks)
                mask.Dispose();
        }
    }

    /// <summary>Median seconds of each way, taken in turn, after one time that does not count.</summary>
    private static double[] Times(params Action[] ways)
    {
        var seconds = Array.ConvertAll(ways, _ => new List<double>());
        for (int round = 0; round <= Rounds; round++)
            for (int i = 0; i < ways.Length; i++)
            {
                var watch = Stopwatch.StartNew();
                ways[i]();
                if (round > 0)
                    seconds[i].Add(watch.Elapsed.TotalSeconds);
            }
        return Array.ConvertAll(seconds, BenchmarkRun.Median);
    }

    private static string[] Row(string what, double seconds, string beside, double besideSeconds) =>
        [what, BenchmarkRun.Text(seconds, 3), beside, BenchmarkRun.Text(besideSeconds, 3), BenchmarkRun.Text(seconds / besideSeconds, 2)];

    private static string CorpusIn(string folder) => Path.Combine(folder, "corpus.bin");

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");

    private sealed record Measurement(double Importance, double Forward, double WholeStep, double HalfStep, double MaskedStep);
}
