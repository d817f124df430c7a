using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Methods.Come;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Pruner.Tests.Merging;
using E3Scale.Pruner.Tests.Selection;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Compensation;

public sealed class ConcatenationTests : IDisposable
{
    private const int Layers = 5, Sequences = 6, Positions = 8;

    private readonly TestFolder _folder = new();

    /// <summary>Grouped-query attention with every kind of weight that a family has: biases everywhere, or norms of heads.</summary>
    public static TheoryData<string> Families => ["llama", "qwen3"];

    [Theory]
    [MemberData(nameof(Families))]
    public void Export_MergedTwice_HasTheWeightsOfPlainLoops(string family)
    {
        WriteTeacher(family);
        // 3 into 2, a head of each; then 1 into 2 as well, in a model that runs the merged layer.
        WriteMask([3, 1], [new LayerMerge { Layer = 3, Into = 2, Share = 0.5 }, new LayerMerge { Layer = 1, Into = 2, Share = 0.7 }]);
        CompensationResult result = Measure();
        Export();

        var (model, names) = Open("teacher");
        using (model)
        {
            PlainLayer[] layers = [.. Enumerable.Range(0, Layers).Select(layer => PlainLayer.Of(model, names, layer))];
            PlainLayer first = Merge(model, layers, [0, 1, 2, 3, 4], into: 2, other: 3, share: 0.5);
            PlainLayer second = Merge(model, [layers[0], layers[1], first, layers[3], layers[4]], [0, 1, 2, 4], into: 2, other: 1, share: 0.7);
            var (student, _) = Open("student");
            using (student)
                foreach (WeightShape weight in DecoderWeights.OfLayer(student.Config, 1)) // layer 2 of 0, 2 and 4
                {
                    double[] expected = second[PlainLayer.KeyOf(weight)], actual = SmallModel.Values(student.Parameters[weight.NameIn(names)].Value);
                    Assert.Equal(Sorted(weight, expected, student.Config), Sorted(weight, actual, student.Config), new Near(1e-6));
                }
        }
        Assert.Equal([2], result.MergedLayers.Select(layer => layer.Layer));
        Assert.Equal(Sequences * Positions * (1 + 4 / 5.0), result.ForwardTokens, 1e-9); // a pass of all layers, then one of four
    }

    [Fact]
    public void Measure_MaskOfAnotherMethod_MergesIntoTheNearestKeptLayerByInfluence()
    {
        WriteTeacher("llama");
        WriteMask([3, 1], []);
        CompensationResult result = Measure();

        Assert.Equal([(3, 2), (1, 0)], result.Merges.Select(merge => (merge.Layer, merge.Into)));
        var (model, names) = Open("teacher");
        using (model)
        {
            double[] influence = Influence(model, [.. Enumerable.Range(0, Layers).Select(layer => PlainLayer.Of(model, names, layer))], [0, 1, 2, 3, 4]);
            Assert.Equal(influence[2] / (influence[2] + influence[3]), result.Merges[0].Share, 1e-5);
        }
        Assert.Equal([0, 2], result.MergedLayers.Select(layer => layer.Layer));
    }

    // A layer whose outputs are 0 has no influence: it leaves nothing to its neighbour, or takes over all of it.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Come_IdleLayer_IsMergedAndTheStudentComputesWhatTheTeacherDid(int idle)
    {
        WriteTeacher("llama", idle);
        MaskResult mask = Select(keep: Layers - 1);
        CompensationResult result = Measure();
        Export();

        LayerMerge merge = Assert.Single(mask.Merges);
        Assert.Contains(idle, new[] { merge.Layer, merge.Into });
        Assert.Equal(merge.Layer, Assert.Single(mask.Dropped));
        Assert.Equal(merge, Assert.Single(result.Merges));
        using var scope = NewDisposeScope();
        var (teacher, _) = Open("teacher");
        var (student, _) = Open("student");
        using (teacher)
        using (student)
        {
            var ids_BT = SmallModel.Ids(2, Positions);
            Assert.Equal(Layers - 1, student.Config.LayerCount);
            Assert.InRange(SmallModel.Distance(Logits(teacher, ids_BT), Logits(student, ids_BT)), 0, 1e-5);
        }
    }

    [SkippableFact]
    public void Come_TrainedModelWithInsertedLayers_MergesThemAndKeepsItsOutput()
    {
        string teacher = SharedData.Require("data", "models", "stories260K-id10"); // 5 trained layers; 1, 3, 4, 7 and 9 do nothing
        TokenCorpus.Write(_folder["corpus.bin"], StoryTokens.Of(teacher, sequences: 8, positions: 64));
        MaskResult mask = Select(keep: 6, teacher);
        Measure(teacher);
        Export(teacher);

        int[] inserted = [1, 3, 4, 7, 9];
        Assert.All(mask.Merges, merge => Assert.NotEmpty(inserted.Intersect([merge.Layer, merge.Into])));
        using var scope = NewDisposeScope();
        using var files = HuggingFaceCheckpoint.Open(teacher);
        using Decoder whole = new(files.Config, files.Names, files);
        var (student, _) = Open("student");
        using (student)
        {
            var ids_BT = tensor(StoryTokens.Of(teacher, sequences: 2, positions: 64).SelectMany(row => row).ToArray(), [2, 64]);
            Assert.InRange(SmallModel.Distance(Logits(whole, ids_BT), Logits(student, ids_BT)), 0, 1e-3);
        }
    }

    [Fact]
    public void Come_SearchedShare_JudgesTwentyOneModels()
    {
        WriteTeacher("llama", idle: 2);
        MaskResult mask = Select(keep: Layers - 1, options: new ComeOptions { SearchesShare = true });

        Assert.InRange(Assert.Single(mask.Merges).Share * 20 % 1, 0, 1e-9);
        // The measuring pass, 21 of the model without a layer.
        Assert.Equal(Sequences * Positions * (1 + 21 * 4 / 5.0), mask.ForwardTokens, 1e-6);
    }

    [Fact]
    public void Export_TypesOfTheTeacher_DoesNotCopyWhatWasMerged()
    {
        WriteTeacher("llama");
        WriteMask([3], [new LayerMerge { Layer = 3, Into = 2, Share = 0.5 }]);
        Measure();
        Export(weights: WeightFormat.Keep);

        var (teacher, names) = Open("teacher");
        var (student, _) = Open("student");
        using (teacher)
        using (student)
        {
            string down = names.InLayer(2, LayerWeight.Down), untouched = names.InLayer(1, LayerWeight.Down);
            Assert.Equal(0, SmallModel.Distance(teacher.Parameters[untouched].Value, student.Parameters[untouched].Value));
            Assert.NotEqual(0, SmallModel.Distance(teacher.Parameters[down].Value, student.Parameters[down].Value), 0.1);
        }
    }

    // Channels of FP8 blocks cannot be cut apart: they are widened, merged, and quantised again.
    [Fact]
    public void Export_TeacherStoredInFp8_MergesItsWidenedWeights()
    {
        WriteTeacher("llama");
        WriteMask([3], [new LayerMerge { Layer = 3, Into = 2, Share = 0.5 }]);
        using (var toFp8 = new CheckpointExporter(new ExportOptions
        {
            SourceFolder = _folder["teacher"],
            TargetFolder = _folder["fp8"],
            KeptLayers = [0, 1, 2, 3, 4],
            Method = "none",
            Weights = WeightFormat.Fp8,
        }))
            toFp8.Export(toFp8.SourceTensors(0, 1));
        CompensationResult result = Measure(_folder["fp8"]);
        Export(_folder["fp8"], WeightFormat.Keep);

        var (teacher, names) = Open("fp8");
        var (student, _) = Open("student");
        using (teacher)
        using (student)
        {
            int hidden = teacher.Config.HiddenSize;
            string name = names.InLayer(2, LayerWeight.Gate);
            BranchSource[] sources = Assert.Single(result.MergedLayers).Mlp;
            double[] expected = [.. sources.SelectMany(source => source.Channels.SelectMany(channel => SmallModel.Values(
                teacher.Parameters[names.InLayer(source.Layer, LayerWeight.Gate)].Value).AsSpan(channel * hidden, hidden).ToArray()))];
            Assert.Equal(expected, SmallModel.Values(student.Parameters[name].Value), new Near(0.04)); // rounded to 3 bits once more
            Assert.Equal(SafetensorsType.F8_E4M3, TypeOf("student", name));
        }
    }

    [Fact]
    public void Run_ModelThatCannotBeMerged_SaysWhy()
    {
        SmallModel.Write(_folder["teacher"], SmallModel.DeepSeek(Layers));
        WriteCorpus();
        WriteMask([3], []);

        Assert.Contains("deepseek_v3 has latent attention", Assert.Throws<StageInputException>(() => Measure()).Message, StringComparison.Ordinal);
        Assert.Contains("deepseek_v3 has latent attention", Assert.Throws<StageInputException>(() => Select(keep: 4)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2, 0.5)] // not the dropped layer
    [InlineData(3, 3, 0.5)]
    [InlineData(3, 9, 0.5)]
    [InlineData(3, 2, 1.5)]
    public void Run_MergeThatCannotBe_NamesTheField(int layer, int into, double share)
    {
        WriteTeacher("llama");
        WriteMask([3], [new LayerMerge { Layer = layer, Into = into, Share = share }]);

        Assert.Contains("mask.json, merges: number 0", Assert.Throws<StageInputException>(() => Measure()).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder["compensation"], CompensationResult.FileName)));
    }

    [Fact]
    public void Run_SearchThatTrained_IsRefused()
    {
        WriteTeacher("llama");
        WriteMask([3], [], steps: 4);

        Assert.Contains("trained the weights", Assert.Throws<StageInputException>(() => Measure()).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private SafetensorsType TypeOf(string folder, string name)
    {
        using var file = SafetensorsFile.Open(Directory.GetFiles(_folder[folder], "*.safetensors").Single());
        return file.Entry(name).Type;
    }

    private static long[] Text(int sequence) => [.. Enumerable.Range(0, Positions).Select(t => (long)((sequence * 31 + t * t * 7 + t) % SmallModel.Vocabulary))];

    private static Tensor Logits(Decoder model, Tensor ids_BT) => model.Logits(model.Forward(model.Embed(ids_BT)));

    /// <summary>Streams before each layer that runs and behind the last, of every sequence, and what enters the ends of the branches.</summary>
    private static (double[][] Before, double[][] Behind, double[][] Heads, double[][] Neurons)[] RunAll(Decoder model, PlainLayer[] layers, int[] running)
    {
        double[] table = SmallModel.Values(model.Embedding!.Value);
        int hidden = model.Config.HiddenSize;
        double[][] stream = [.. Enumerable.Range(0, Sequences).Select(s => Text(s).SelectMany(id => table.AsSpan((int)id * hidden, hidden).ToArray()).ToArray())];
        var results = new (double[][], double[][], double[][], double[][])[layers.Length];
        foreach (int layer in running)
        {
            var outputs = stream.Select(layers[layer].Run).ToArray();
            results[layer] = (stream, [.. outputs.Select(o => o.Output)], [.. outputs.Select(o => o.Heads)], [.. outputs.Select(o => o.Neurons)]);
            stream = [.. outputs.Select(o => o.Output)];
        }
        return results;
    }

    private static double[] Influence(Decoder model, PlainLayer[] layers, int[] running) => [.. RunAll(model, layers, running).Select(run =>
        1 - run.Before.Zip(run.Behind).SelectMany(pair => pair.First.Chunk(model.Config.HiddenSize).Zip(pair.Second.Chunk(model.Config.HiddenSize))).Average(pair =>
            Dot(pair.First, pair.Second) / Math.Sqrt(Dot(pair.First, pair.First) * Dot(pair.Second, pair.Second))))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>CoMe's merge in plain loops, for a model of 4 query heads and 2 key-value heads.</summary>
    private static PlainLayer Merge(Decoder model, PlainLayer[] layers, int[] running, int into, int other, double share)
    {
        DecoderConfig config = model.Config;
        var attention = (GroupedQueryAttentionConfig)config.Attention;
        var run = RunAll(model, layers, running);
        int width = attention.HeadDim, queries = attention.HeadCount * width, inner = config.IntermediateSize;
        var merged = new PlainLayer(config);

        // For shares of at least a half, so that what rounding leaves over is the first layer's.
        int keptNeurons = inner - (int)((1 - share) * inner), keptHeads = attention.KeyValueHeadCount - (int)((1 - share) * attention.KeyValueHeadCount);
        int[][] neurons = [Best(Neurons(into), keptNeurons), Best(Neurons(other), inner - keptNeurons)];
        int[][] heads = [Best(Heads(into), keptHeads), Best(Heads(other), attention.KeyValueHeadCount - keptHeads)];
        PlainLayer[] pair = [layers[into], layers[other]];
        foreach (string key in pair[0].Weights.Keys)
            merged.Weights[key] = key switch
            {
                "Gate" or "Up" => Rows(key, neurons, 1, config.HiddenSize),
                "-Gate" or "-Up" => Rows(key, neurons, 1, 1),
                "Down" => Columns(key, neurons, 1, inner),
                "Query" => Rows(key, heads, queries / attention.KeyValueHeadCount, config.HiddenSize),
                "-Query" => Rows(key, heads, queries / attention.KeyValueHeadCount, 1),
                "Key" or "Value" => Rows(key, heads, width, config.HiddenSize),
                "-Key" or "-Value" => Rows(key, heads, width, 1),
                "AttentionOutput" => Columns(key, heads, queries / attention.KeyValueHeadCount, queries),
                "InputNorm" => Sum(key, heads, 0.5),
                "MlpNorm" => Sum(key, neurons, 0.5),
                "-Down" => Sum(key, neurons, share),
                _ => Sum(key, heads, share),
            };
        return merged;

        double[] Neurons(int layer) => Sensitivity(run[layer].Neurons, layers[layer]["Down"], inner);

        double[] Heads(int layer)
        {
            double[] channels = Sensitivity(run[layer].Heads, layers[layer]["AttentionOutput"], queries);
            int each = queries / attention.KeyValueHeadCount;
            return [.. Enumerable.Range(0, attention.KeyValueHeadCount).Select(head => Enumerable.Range(head * each, each).Average(c => channels[c]))];
        }

        double[] Sensitivity(double[][] inputs, double[] weight, int channels) => [.. Enumerable.Range(0, channels).Select(c =>
            inputs.SelectMany(input => input.Where((_, i) => i % channels == c)).Average(Math.Abs)
            * Enumerable.Range(0, config.HiddenSize).Sum(row => Math.Abs(weight[row * channels + c])))];

        double[] Rows(string key, int[][] chosen, int each, int columns) => [.. chosen.SelectMany((channels, i) =>
            channels.SelectMany(channel => pair[i][key].Skip(channel * each * columns).Take(each * columns)))];

        double[] Columns(string key, int[][] chosen, int each, int columns) => [.. Enumerable.Range(0, config.HiddenSize).SelectMany(row =>
            chosen.SelectMany((channels, i) => channels.SelectMany(channel => pair[i][key].Skip(row * columns + channel * each).Take(each))))];

        double[] Sum(string key, int[][] chosen, double first)
        {
            if (chosen[0].Length == 0 || chosen[1].Length == 0)
                first = chosen[0].Length > 0 ? 1 : 0;
            return [.. pair[0][key].Zip(pair[1][key], (a, b) => first * a + (1 - first) * b)];
        }
    }

    private static int[] Best(double[] sensitivity, int count) =>
        [.. Enumerable.Range(0, sensitivity.Length).OrderByDescending(channel => sensitivity[channel]).Take(count).Order()];

    /// <summary>Rows, or columns of the projections into the stream, in an order that does not depend on how channels are laid out.</summary>
    private static double[] Sorted(WeightShape weight, double[] values, DecoderConfig config) => weight.Role switch
    {
        LayerWeight.Gate or LayerWeight.Up when !weight.IsBias => [.. values.Chunk(config.HiddenSize).OrderBy(row => row[0]).SelectMany(row => row)],
        LayerWeight.InputNorm or LayerWeight.MlpNorm => values,
        _ => [.. values.Order()],
    };

    private void WriteTeacher(string family, int? idle = null)
    {
        JsonObject config = SmallModel.Llama(Layers);
        if (family == "qwen3")
        {
            config["model_type"] = "qwen3";
            config["head_dim"] = 6;
        }
        else
        {
            config["attention_bias"] = true;
            config["mlp_bias"] = true;
        }
        SmallModel.Write(_folder["teacher"], config);
        if (idle is { } layer)
            MakeIdle(layer);
        WriteCorpus();
    }

    /// <summary>Takes from a layer what it adds to the stream.</summary>
    private void MakeIdle(int layer)
    {
        string file = Path.Combine(_folder["teacher"], "model.safetensors");
        var (model, names) = Open("teacher");
        using (model)
        using (no_grad())
        {
            foreach (LayerWeight role in new[] { LayerWeight.AttentionOutput, LayerWeight.Down })
            {
                model.Parameters[names.InLayer(layer, role)].Value.zero_();
                model.Parameters[LayerNames.BiasOf(names.InLayer(layer, role))].Value.zero_();
            }
            SafetensorsWriter.Save(file, model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Value));
        }
    }

    private void WriteCorpus() => TokenCorpus.Write(_folder["corpus.bin"], Enumerable.Range(0, Sequences).Select(Text));

    private void WriteMask(int[] dropOrder, LayerMerge[] merges, int steps = 0) => JsonFile.Write(Path.Combine(_folder["search"], "mask.json"), new MaskResult
    {
        Layers = Layers,
        Kept = [.. Enumerable.Range(0, Layers).Except(dropOrder)],
        Dropped = [.. dropOrder.Order()],
        DropOrder = dropOrder,
        Merges = merges,
        Scores = new double[Layers],
        Gap = 0,
        Method = "come",
        Tokens = 0,
        Steps = steps,
    });

    private (Decoder Model, IDecoderWeightNames Names) Open(string folder)
    {
        using var files = HuggingFaceCheckpoint.Open(_folder[folder]);
        return (new Decoder(files.Config, files.Names, files), files.Names);
    }

    private MaskResult Select(int keep, string? teacher = null, ComeOptions? options = null) => new SelectionStage(
        new ComeSelector(options ?? new ComeOptions()),
        new SelectionOptions
        {
            TeacherFolder = teacher ?? _folder["teacher"],
            CorpusFile = _folder["corpus.bin"],
            OutputFolder = _folder["search"],
            KeepLayers = keep,
            ProtectsEnds = false,
            MicroBatchSequences = 4,
        },
        OneRank.Environment()).Run();

    private CompensationResult Measure(string? teacher = null) => new CompensationStage(
        new CompensationOptions
        {
            Method = CompensationMethod.Concatenate,
            TeacherFolder = teacher ?? _folder["teacher"],
            CorpusFile = _folder["corpus.bin"],
            SearchFolder = _folder["search"],
            OutputFolder = _folder["compensation"],
            Train = new TrainOptions(),
            MicroBatchSequences = 4, // the last batch has two
        },
        OneRank.Environment()).Run();

    private void Export(string? teacher = null, WeightFormat weights = WeightFormat.Fp32) => new ExportStage(
        new ExportStageOptions
        {
            TeacherFolder = teacher ?? _folder["teacher"],
            SearchFolder = _folder["search"],
            DistillFolder = _folder["distill"],
            CompensationFolder = _folder["compensation"],
            OutputFolder = _folder["student"],
            Train = new TrainOptions(),
            TotalSteps = null,
            SequenceLength = Positions,
            Weights = weights,
        },
        OneRank.Environment()).Run();

    private sealed class Near(double tolerance) : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) <= tolerance;

        public int GetHashCode(double value) => 0;
    }
}
