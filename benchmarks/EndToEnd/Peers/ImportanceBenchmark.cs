using System.Diagnostics;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// Leave-one-out importance beside kl_init.py: the same model, 40 sequences of 256 tokens, the divergence over the whole vocabulary. The peer's two ways:
/// a whole forward pass for every layer, and a composition that keeps what enters each layer. Both sides have the whole machine.
/// </summary>
internal sealed class ImportanceBenchmark : IBenchmark
{
    private const int Rounds = 3, Sequences = 40, BatchSequences = 4;

    public string Name => "importance";

    public string Question => "How fast is leave-one-out importance, beside PyTorch?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.AreThere())
            return;
        int cores = Environment.ProcessorCount, positions = PeerModel.Tiny.Positions;
        PackedCorpusBuilder.Build(
            CorpusIn(run.Folder), Enumerable.Range(0, 2 * Sequences).Select(i => new CorpusDocument(new string((char)('a' + i % 26), positions))),
            new CharacterTokenizer(PeerModel.Tiny.Config.VocabularySize), new PackedCorpusOptions { SequenceLength = positions }).Dispose();
        List<double> ours = [], naive = [], prefix = [];
        for (int round = 0; round < Rounds; round++)
        {
            ours.Add(JsonFile.Read<double>(ResultFile(run.RunRanks(cores, "ranks")), "benchmark"));
            foreach (var line in PeerPrograms.Run("kl_init.py", "--threads", $"{cores}", "--seconds", "1"))
                (line.GetProperty("method").GetString() == "naive" ? naive : prefix).Add(line.Number("job", "median_s"));
        }
        BenchmarkRun.Show(
            ["beside", "s", "PyTorch, s", "of its time", "times as fast"],
            new[] { ("a forward pass for every layer", naive), ("prefixes kept", prefix) }.Select(entry =>
            {
                var ratio = new PeerRatio(ours, entry.Item2);
                return (IReadOnlyList<string>)
                    [entry.Item1, BenchmarkRun.Text(ratio.Ours, 2), BenchmarkRun.Text(ratio.Theirs, 2), BenchmarkRun.Text(ratio.Ours / ratio.Theirs, 2), ratio.Faster];
            }));
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        DecoderConfig config = PeerModel.Tiny.Config;
        using var mesh = new Mesh(world, new MeshShape(1, 1, world.Size));
        using var model = ShardedModel.Create(config, ModelFamilies.For(config.ModelType, Name).Names, new NormalWeights(), mesh, PeerModel.Tiny.Positions);
        using var corpus = PackedCorpus.Open(CorpusIn(Path.GetDirectoryName(folder)!));
        var probe = new ModelProbe(model, corpus, new CalibrationBatches(corpus, Sequences, BatchSequences, seed: 1));
        bool[] all = [.. Enumerable.Repeat(true, config.LayerCount)];
        int[] layers = [.. Enumerable.Range(0, config.LayerCount)];
        probe.Loss(all, ProbeMetric.Kl, [0, 1]); // code is compiled here
        world.Barrier();
        var watch = Stopwatch.StartNew();
        probe.LossWithoutEach(all, layers, ProbeMetric.Kl);
        if (world.Rank == 0)
            JsonFile.Write(ResultFile(folder), watch.Elapsed.TotalSeconds);
    }

    private static string CorpusIn(string folder) => Path.Combine(folder, "corpus.bin");

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");
}
