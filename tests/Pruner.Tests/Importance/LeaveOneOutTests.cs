using System.Text.Json;
using E3Scale.Data.Tokenizers;
using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Methods.Sleb;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Pruner.Tests.Selection;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Importance;

/// <summary>
/// Leave-one-out importance against published reference code, and on models with inserted layers that do nothing: the smallest numbers
/// must be exactly theirs.
/// </summary>
public sealed class LeaveOneOutTests
{
    public static TheoryData<string> Golden => GoldenModels.All;

    [SkippableTheory]
    [MemberData(nameof(Golden))]
    public void Run_GoldenModel_AgreesWithReference(string model)
    {
        string folder = SharedData.Require("golden", model);
        GoldenFile golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
        using TestFolder output = new();
        TokenCorpus.Write(output["corpus.bin"], golden.Longs("input_ids").Chunk((int)golden.Shape("input_ids")[1]));
        var result = new ImportanceStage(
            new ImportanceOptions { TeacherFolder = folder, CorpusFile = output["corpus.bin"], OutputFile = output["importance.json"] },
            OneRank.Environment()).Run();

        double[] expected = golden.Doubles("loo_kl_full_to_pruned");
        Assert.All(expected.Zip(result.Kl), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * expected.Max()));
        Assert.All(golden.Doubles("block_influence").Zip(result.BlockInfluence!), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(expected.Length, result.Layers);
        Assert.Equal([0, expected.Length - 1], result.ProtectedLayers);
        Assert.Equal(golden.Shape("input_ids"), new[] { result.CalibrationSequences, result.Tokens / result.CalibrationSequences });
        Assert.Equal(result.Kl, JsonFile.Read<ImportanceResult>(output["importance.json"], "importance").Kl);
    }

    [SkippableTheory]
    [MemberData(nameof(Golden))]
    public void Run_Greedy_LeavesTheOrderOfASelectionByDivergence(string model)
    {
        string folder = SharedData.Require("golden", model);
        GoldenFile golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
        using TestFolder output = new();
        TokenCorpus.Write(output["corpus.bin"], golden.Longs("input_ids").Chunk((int)golden.Shape("input_ids")[1]));
        int layers = golden.Doubles("loo_kl_full_to_pruned").Length, drop = Math.Min(3, layers - 2);
        var progress = new Recorder();

        var result = new ImportanceStage(
            new ImportanceOptions
            {
                TeacherFolder = folder,
                CorpusFile = output["corpus.bin"],
                OutputFile = output["importance.json"],
                Greedy = new SelectionTarget(drop, [0, layers - 1], Seed: 1),
            },
            OneRank.Environment() with { Progress = progress }).Run();

        MaskResult mask = new SelectionStage(
            new SlebSelector(ProbeMetric.Kl),
            new SelectionOptions { TeacherFolder = folder, CorpusFile = output["corpus.bin"], OutputFolder = output["mask"], KeepLayers = layers - drop, ProtectsEnds = true },
            OneRank.Environment()).Run();
        int[] free = [.. Enumerable.Range(1, layers - 2)];
        double[] greedy = result.GreedyKl!;
        Assert.Equal(mask.DropOrder, free.OrderBy(layer => greedy[layer]).Take(drop));
        Assert.All(free, layer => Assert.True(greedy[layer] >= mask.Scores[layer]));
        Assert.Equal(mask.Scores[mask.DropOrder[0]], greedy[mask.DropOrder[0]]);
        Assert.Equal(result.Kl[0], greedy[0]);
        Assert.Equal(progress.Done.Order(), progress.Done);
        Assert.Equal(progress.Total, progress.Done[^1]);
    }

    [SkippableTheory]
    [MemberData(nameof(Golden))]
    public void BlockInfluence_StatesOfAGoldenModel_AgreesWithReference(string model)
    {
        string folder = SharedData.Require("golden", model);
        GoldenFile golden = GoldenFile.Load(Path.Combine(folder, "golden.safetensors"));
        using var scope = NewDisposeScope();
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using Decoder decoder = new(checkpoint.Config, checkpoint.Names, checkpoint);
        BlockInfluence influence = new(checkpoint.Config.LayerCount, checkpoint.Config.HiddenSize);
        var before = decoder.Embed(tensor(golden.Longs("input_ids"), golden.Shape("input_ids")));
        decoder.Forward(before, afterLayer: (layer, after) =>
        {
            influence.Add(layer, TensorMemory.AsSpan<float>(before), TensorMemory.AsSpan<float>(after));
            before = after;
        });

        Assert.All(golden.Doubles("block_influence").Zip(influence.Scores()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [SkippableTheory]
    [InlineData("stories260K-id10")]
    [InlineData("babyllama105-near12")]
    public void InferWithoutEach_InsertedLayers_AreTheLeastImportant(string name)
    {
        string folder = SharedData.Require("data", "models", name);
        using var reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")));
        using var layers = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "layers.json")));
        var expected = reference.RootElement.GetProperty("leave_one_out");
        using Model model = new(folder);
        double[] kl = new double[model.Layers], loss = new double[model.Layers];
        int tokens = 0;
        foreach (long[] story in model.Stories(expected.GetProperty("stories").GetInt32()))
        {
            model.AddLeaveOneOut(story, kl, loss);
            tokens += story.Length - 1;
        }

        Assert.Equal(expected.GetProperty("predicted_tokens").GetInt32(), tokens);
        double[] expectedKl = Numbers(expected.GetProperty("kl_full_vs_without_layer")), expectedLoss = Numbers(expected.GetProperty("nll_without_layer"));
        for (int layer = 0; layer < kl.Length; layer++)
        {
            Assert.Equal(expectedKl[layer], kl[layer] / tokens, 2e-5); // written with six decimals, over float32 logits
            Assert.Equal(expectedLoss[layer], loss[layer] / tokens, 2e-5);
        }
        int[] inserted = [.. layers.RootElement.GetProperty("inserted").EnumerateArray().Select(layer => layer.GetInt32())];
        Assert.Equal(inserted, Enumerable.Range(0, kl.Length).OrderBy(layer => kl[layer]).Take(inserted.Length).Order());
    }

    [SkippableTheory]
    [InlineData("stories260K-id10")]
    [InlineData("babyllama105-near12")]
    public void Run_BranchesOfInsertedLayers_AreTheLeastImportant(string name)
    {
        string folder = SharedData.Require("data", "models", name);
        using var layers = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "layers.json")));
        int[] inserted = [.. layers.RootElement.GetProperty("inserted").EnumerateArray().Select(layer => layer.GetInt32())];
        using TestFolder output = new();
        TokenCorpus.Write(output["corpus.bin"], StoryTokens.Of(folder, sequences: 4, positions: 64));
        double[] kl = new ImportanceStage(
            new ImportanceOptions
            {
                TeacherFolder = folder, CorpusFile = output["corpus.bin"], OutputFile = output["importance.json"], Units = PruningUnits.Branches,
            },
            OneRank.Environment()).Run().Kl;

        Assert.Equal(
            inserted.SelectMany(layer => PruningUnits.Branches.OfLayer(layer)),
            Enumerable.Range(0, kl.Length).OrderBy(unit => kl[unit]).Take(2 * inserted.Length).Order());
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];

    private sealed class Recorder : IStageProgress
    {
        public long Total { get; private set; }

        public List<long> Done { get; } = [];

        public void Begin(string task, long total, string unit, long done = 0) => Total = total;

        public void Report(long done, string? note = null) => Done.Add(done);

        public void End()
        {
        }
    }

    /// <summary>A trained model, and the stories its reference numbers were measured on.</summary>
    private sealed class Model : IDisposable
    {
        private readonly string _folder;
        private readonly HuggingFaceCheckpoint _checkpoint;
        private readonly Mesh _mesh = OneRank.Mesh();
        private readonly ShardedModel _model;

        public Model(string folder)
        {
            _folder = folder;
            _checkpoint = HuggingFaceCheckpoint.Open(folder);
            _model = ShardedModel.Load(_checkpoint, _mesh, context: 256);
        }

        public int Layers => _checkpoint.Config.LayerCount;

        public int Vocabulary => _checkpoint.Config.VocabularySize;

        /// <summary>The first stories, each after the begin token and cut at 256 tokens.</summary>
        public IEnumerable<long[]> Stories(int count)
        {
            ITokenizer tokenizer = TokenizerLoader.Load(_folder);
            foreach (string line in File.ReadLines(SharedData.Require("data", "text", "tinystories-600.jsonl")).Take(count))
            {
                using var story = JsonDocument.Parse(line);
                yield return [tokenizer.BosId!.Value, .. tokenizer.Encode(story.RootElement.GetProperty("text").GetString()!).Take(255)];
            }
        }

        public float[] Logits(long[] ids)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            return Rows(_model.Decoder.Forward(_model.Decoder.Embed(tensor(ids, [1, ids.Length]))));
        }

        /// <summary>Sum of the loss of every token after the first.</summary>
        public double Loss(float[] logits_TV, long[] ids) => Enumerable.Range(0, ids.Length - 1).Sum(t =>
            RowMath.LogSumExp(logits_TV.AsSpan(t * Vocabulary, Vocabulary)) - logits_TV[t * Vocabulary + ids[t + 1]]);

        public void AddLeaveOneOut(long[] ids, double[] kl, double[] loss)
        {
            using var scope = NewDisposeScope();
            int predicted = (ids.Length - 1) * Vocabulary;
            float[] full_TV = [];
            _model.Executor.InferWithoutEach(
                tensor(ids, [1, ids.Length]), [.. Enumerable.Range(0, Layers)],
                hidden => full_TV = Rows(hidden),
                (layer, hidden) =>
                {
                    float[] without_TV = Rows(hidden);
                    kl[layer] += KlDivergence.Sum(full_TV.AsSpan(0, predicted), without_TV.AsSpan(0, predicted), Vocabulary).LeftToRight;
                    loss[layer] += Loss(without_TV, ids);
                });
        }

        public void Dispose()
        {
            _model.Dispose();
            _checkpoint.Dispose();
            _mesh.Dispose();
        }

        private float[] Rows(Tensor hidden_BTH) => TensorMemory.AsSpan<float>(_model.Decoder.Logits(hidden_BTH).contiguous()).ToArray();
    }
}
