using System.Diagnostics;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Peers;

// Shape suffixes in this file: N = tokens, H = hidden, V = vocabulary, K = stored logits per token.

/// <summary>
/// The offline distillation loss, forward and backward, beside kd_loss.py: on given logits; from hidden states with the few rows of the head that the
/// renormalised form needs; from hidden states with a form that needs the whole vocabulary. The head is frozen, as under adapters.
/// </summary>
internal sealed class KdLossBenchmark : IBenchmark
{
    private const int Rounds = 3, Hidden = 1024, TopK = 10;

    private static readonly (string Name, int Tokens, int Vocabulary)[] s_shapes = [("small", 4096, 32000), ("big", 1024, 129280)];

    private static readonly (string Part, string Peer, string Label)[] s_cases =
    [
        ("logits", "gather_first", "given logits, renormalised form"),
        ("rows", "head_rows", "hidden states, renormalised form"),
        ("head", "head_dense_honly", "hidden states, form with the whole vocabulary"),
    ];

    public string Name => "kd-loss";

    public string Question => "How fast is the distillation loss, forward and backward, beside PyTorch, and how much memory does it take?";

    public void Run(BenchmarkRun run)
    {
        if (!PeerPrograms.AreThere())
            return;
        int cores = Environment.ProcessorCount;
        List<IReadOnlyList<string>> rows = [];
        foreach (var (shape, tokens, vocabulary) in s_shapes)
            foreach (var (part, peer, label) in s_cases)
            {
                List<double> ours = [], theirs = [];
                double memory = 0, theirMemory = 0;
                for (int round = 0; round < Rounds; round++)
                {
                    var mine = JsonFile.Read<Measurement>(ResultFile(run.RunRanks(1, $"{part}-{shape}", cores)), "benchmark");
                    var line = PeerPrograms.Run("kd_loss.py", "--threads", $"{cores}", "--case", peer, "--shape", shape, "--hidden", $"{Hidden}", "--seconds", "2")[0];
                    ours.Add(mine.Seconds);
                    theirs.Add(line.Number("time", "median_s"));
                    (memory, theirMemory) = (Math.Max(memory, mine.ExtraMebibytes), Math.Max(theirMemory, line.Number("extra_mib")));
                }
                var ratio = new PeerRatio(ours, theirs);
                rows.Add(
                [
                    $"[{tokens}, {vocabulary}]", label, BenchmarkRun.Text(ratio.Ours, 3), $"{peer} {BenchmarkRun.Text(ratio.Theirs, 3)}", ratio.Faster,
                    BenchmarkRun.Text(memory, 0), BenchmarkRun.Text(theirMemory, 0), BenchmarkRun.Text(memory / theirMemory, 2),
                ]);
            }
        BenchmarkRun.Show(["logits", "case", "s", "PyTorch, s", "times as fast", "extra memory, MiB", "PyTorch, MiB", "ratio"], rows);
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        string[] words = part.Split('-');
        var (_, tokens, vocabulary) = s_shapes.Single(shape => shape.Name == words[1]);
        int[] ids_NK = [.. Enumerable.Range(0, tokens * TopK).Select(i => (int)(i * 2654435761L % vocabulary))];
        float[] logits_NK = [.. Enumerable.Range(0, tokens * TopK).Select(i => 9f - i % TopK)];
        float[] logSumExp_N = [.. Enumerable.Repeat(10f, tokens)], weight_N = [.. Enumerable.Repeat(1f / tokens, tokens)];
        using var scope = NewDisposeScope();
        using var mesh = new Mesh(world, MeshShape.OneRank);
        using var model = words[0] == "logits" ? null : Head(mesh, tokens, vocabulary);
        var leaf = (model is null ? randn(tokens, vocabulary) : randn(1, tokens, Hidden)).requires_grad_();
        Step();
        leaf.grad?.Dispose();
        leaf.grad = null;
        PeakMemory.Reset();
        long start = PeakMemory.Bytes();
        List<double> seconds = [];
        for (var all = Stopwatch.StartNew(); seconds.Count < 3 || all.Elapsed.TotalSeconds < 2;)
        {
            var watch = Stopwatch.StartNew();
            Step();
            seconds.Add(watch.Elapsed.TotalSeconds);
        }
        JsonFile.Write(ResultFile(folder), new Measurement(BenchmarkRun.Median(seconds), (PeakMemory.Bytes() - start) / (double)(1 << 20)));

        void Step()
        {
            using var step = NewDisposeScope();
            leaf.grad = null;
            var form = words[0] == "head" ? DistillationForm.Ghost : DistillationForm.TopKRenormalised;
            (model is null
                ? DistillationLoss.Sum(leaf, ids_NK, logits_NK, logSumExp_N, weight_N, form)
                : DistillationLoss.Sum(model.Decoder, leaf, ids_NK, logits_NK, logSumExp_N, weight_N, form, scale: 1)).backward();
        }
    }

    /// <summary>A model that is hardly more than its head.</summary>
    private static ShardedModel Head(Mesh mesh, int positions, int vocabulary)
    {
        DecoderConfig config = PeerModel.Wide.Config with { LayerCount = 1, VocabularySize = vocabulary, Moe = null, IntermediateSize = 8 };
        return ShardedModel.Create(config, ModelFamilies.For(config.ModelType, "benchmark").Names, new NormalWeights(), mesh, positions);
    }

    private static string ResultFile(string folder) => Path.Combine(folder, "measured.json");

    private sealed record Measurement(double Seconds, double ExtraMebibytes);
}
