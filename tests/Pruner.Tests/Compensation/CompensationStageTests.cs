using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Export;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Compensation;

public sealed class CompensationStageTests : IDisposable
{
    private const int Layers = 5, Sequences = 6, Positions = 8;
    private static readonly int[] s_dropOrder = [3, 1];

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_PruneAndComp_MeasuresEachLayerInTheModelOfThatTime(bool mixtureOfExperts)
    {
        CompensationResult result = Measure(mixtureOfExperts);

        // Independently: the stream itself is multiplied at the cuts, no weight is touched.
        using var scope = NewDisposeScope();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using Decoder model = new(teacher.Config, teacher.Names, teacher);
        var ids_ST = tensor(Enumerable.Range(0, Sequences).SelectMany(Text).ToArray(), [Sequences, Positions]);
        var scales = new Dictionary<int, double>();
        foreach (int dropped in s_dropOrder)
        {
            var x_STH = model.Embed(ids_ST);
            foreach (DecoderLayer layer in model.Layers)
            {
                var y_STH = scales.TryGetValue(layer.Index, out double scale) ? x_STH * scale : layer.Forward(x_STH);
                if (layer.Index == dropped)
                    scales[dropped] = (y_STH.abs().mean([1]) / x_STH.abs().mean([1])).mean().item<float>();
                x_STH = y_STH;
            }
        }

        Assert.Equal(s_dropOrder, result.DropOrder);
        Assert.Equal(scales[3], result.Scales[0], 1e-4);
        Assert.Equal(scales[1], result.Scales[1], 1e-4);
        Assert.Equal(scales[3] * scales[1], result.Scaling!.EmbeddingFactor, 1e-4);
        Assert.NotEqual(1, scales[1], 0.01);
        Assert.Equal(Sequences * Positions * (1 + 4 / 5.0), result.ForwardTokens, 1e-9); // a pass of all layers, then one of four
    }

    // Without a recovery the export alone applies the factors; from an FP8 teacher they go into the scales.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Export_NothingTrained_GivesTheStreamThatTheFactorsPromise(bool fp8)
    {
        Measure(mixtureOfExperts: true);
        CompensationResult result = fp8 ? MeasureFp8() : JsonFile.Read<CompensationResult>(Path.Combine(_folder["compensation"], CompensationResult.FileName), "compensate");
        Export(fp8 ? WeightFormat.Keep : WeightFormat.Fp32).Run();

        using var scope = NewDisposeScope();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using var student = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder whole = new(teacher.Config, teacher.Names, teacher), pruned = new(student.Config, student.Names, student);
        Tensor ids_BT = SmallModel.Ids(2, Positions), expected_BTH = whole.Embed(ids_BT), actual_BTH = pruned.Embed(ids_BT);
        foreach (DecoderLayer layer in whole.Layers)
            expected_BTH = s_dropOrder.Contains(layer.Index)
                ? expected_BTH * result.Scales[Array.IndexOf(s_dropOrder, layer.Index)]
                : layer.Forward(expected_BTH);

        double tolerance = fp8 ? 2e-2 : 1e-4; // the embedding is bfloat16 beside FP8 codes
        Assert.InRange(SmallModel.Distance(expected_BTH, pruned.Forward(actual_BTH)) / expected_BTH.abs().max().item<float>(), 0, tolerance);
        if (fp8)
            Assert.Equal(
                Codes("teacher", "model.layers.2.mlp.experts.5.down_proj.weight"), Codes("student", "model.layers.1.mlp.experts.5.down_proj.weight"));
    }

    [Fact]
    public void Run_LinearPatch_MatchesRotatedMagnitudesBehindEachCut()
    {
        CompensationResult result = Measure(mixtureOfExperts: true, CompensationMethod.LinearPatch);

        using var scope = NewDisposeScope();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using Decoder model = new(teacher.Config, teacher.Names, teacher);
        using var patches = SafetensorsFile.Open(Path.Combine(_folder["compensation"], StreamPatch.FileName));
        var stream = new List<Tensor> { model.Embed(tensor(Enumerable.Range(0, Sequences).SelectMany(Text).ToArray(), [Sequences, Positions])) };
        model.Forward(stream[0], afterLayer: (_, output) => stream.Add(output));
        int hidden = teacher.Config.HiddenSize;
        sbyte[] signs = HadamardMatrix.Create(hidden);
        Assert.Equal([new LayerCut(1, 2), new LayerCut(3, 4)], result.PatchedCuts);
        for (int cut = 0; cut < 2; cut++)
        {
            double[] before = SmallModel.Values(stream[result.PatchedCuts[cut].First]), behind = SmallModel.Values(stream[result.PatchedCuts[cut].End]);
            double[] ratio = new double[hidden];
            for (int h = 0; h < hidden; h++)
                for (int s = 0; s < Sequences; s++)
                    ratio[h] += Magnitude(behind, s, h) / Magnitude(before, s, h) / Sequences;
            Assert.Equal(ratio.Average(), result.PatchScales[cut], 1e-5);
            double[] patch = SmallModel.Values(patches.Load($"model.layers.{result.PatchedCuts[cut].First - 1}.patch.weight"));
            for (int i = 0; i < hidden; i++)
                for (int j = 0; j < hidden; j++)
                    Assert.Equal(
                        Enumerable.Range(0, hidden).Sum(k => signs[i * hidden + k] * ratio[k] * signs[j * hidden + k]) / hidden, patch[i * hidden + j], 1e-5);
        }

        double Magnitude(double[] x, int sequence, int channel) => Enumerable.Range(0, Positions).Sum(t =>
            Math.Abs(Enumerable.Range(0, hidden).Sum(k => x[(sequence * Positions + t) * hidden + k] * signs[k * hidden + channel])));
    }

    [Theory]
    [InlineData(PatchExport.SideFile)]
    [InlineData(PatchExport.Scalar)]
    public void Export_Patches_ReadBackAsTheModelThatWasMeasured(PatchExport how)
    {
        CompensationResult result = Measure(mixtureOfExperts: true, CompensationMethod.LinearPatch);
        Export(WeightFormat.Fp32, how).Run();

        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        using var files = HuggingFaceCheckpoint.Open(_folder["student"]);
        using Decoder whole = new(teacher.Config, teacher.Names, teacher);
        using ShardedModel student = ShardedModel.Load(files, mesh, Positions);
        using var patches = SafetensorsFile.Open(Path.Combine(_folder["compensation"], StreamPatch.FileName));
        Tensor ids_BT = SmallModel.Ids(2, Positions), expected_BTH = whole.Embed(ids_BT);
        foreach (DecoderLayer layer in whole.Layers)
        {
            int cut = Array.IndexOf([1, 3], layer.Index);
            if (cut < 0)
                expected_BTH = layer.Forward(expected_BTH);
            else if (how == PatchExport.Scalar)
                expected_BTH = expected_BTH * result.PatchScales[cut];
            else
                expected_BTH = expected_BTH.matmul(patches.Load($"model.layers.{layer.Index - 1}.patch.weight"));
        }

        Assert.Equal(how == PatchExport.SideFile ? 2 : 0, student.Decoder.Patches.Count);
        Assert.Equal(how == PatchExport.SideFile, File.Exists(Path.Combine(_folder["student"], StreamPatch.FileName)));
        var actual_BTH = student.Decoder.Forward(student.Decoder.Embed(ids_BT));
        Assert.InRange(SmallModel.Distance(expected_BTH, actual_BTH) / expected_BTH.abs().max().item<float>(), 0, 1e-4);
    }

    [Fact]
    public void Export_PatchesNotAllowed_SaysWhatToSet()
    {
        Measure(mixtureOfExperts: false, CompensationMethod.LinearPatch);

        Assert.Contains("export.patch", Assert.Throws<StageInputException>(() => Export(WeightFormat.Fp32).Run()).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["student"]));
    }

    [Fact]
    public void Run_NoMask_NamesTheStageThatIsMissing()
    {
        SmallModel.Write(_folder["teacher"], SmallModel.Llama(Layers));
        TokenCorpus.Write(_folder["corpus.bin"], Enumerable.Range(0, Sequences).Select(Text));

        Assert.Contains("Run the search stage first", Assert.Throws<StageInputException>(() => Stage().Run()).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private CompensationResult Measure(bool mixtureOfExperts, CompensationMethod method = CompensationMethod.PruneAndComp)
    {
        SmallModel.Write(_folder["teacher"], mixtureOfExperts ? SmallModel.DeepSeek(Layers) : SmallModel.Llama(Layers, tied: true));
        TokenCorpus.Write(_folder["corpus.bin"], Enumerable.Range(0, Sequences).Select(Text));
        JsonFile.Write(Path.Combine(_folder["search"], "mask.json"), new MaskResult
        {
            Layers = Layers,
            Kept = [0, 2, 4],
            Dropped = [1, 3],
            DropOrder = s_dropOrder,
            Scores = new double[Layers],
            Gap = 0,
            Method = "shortgpt",
            Tokens = 0,
            Steps = 0,
        });
        return Stage(method).Run();
    }

    /// <summary>Makes the teacher one with FP8 weights and measures again.</summary>
    private CompensationResult MeasureFp8()
    {
        using (var toFp8 = new CheckpointExporter(new ExportOptions
        {
            SourceFolder = _folder["teacher"],
            TargetFolder = _folder["fp8"],
            KeptLayers = [0, 1, 2, 3, 4],
            Method = "none",
            Weights = WeightFormat.Fp8,
        }))
            toFp8.Export(toFp8.SourceTensors(0, 1));
        Directory.Delete(_folder["teacher"], recursive: true);
        Directory.Move(_folder["fp8"], _folder["teacher"]);
        return Stage().Run();
    }

    private ExportStage Export(WeightFormat weights, PatchExport patches = PatchExport.Refuse) => new(
        new ExportStageOptions
        {
            TeacherFolder = _folder["teacher"],
            SearchFolder = _folder["search"],
            DistillFolder = _folder["distill"],
            CompensationFolder = _folder["compensation"],
            OutputFolder = _folder["student"],
            Train = new TrainOptions(),
            TotalSteps = null,
            SequenceLength = Positions,
            Weights = weights,
            Patches = patches,
        },
        OneRank.Environment());

    private CompensationStage Stage(CompensationMethod method = CompensationMethod.PruneAndComp) => new(
        new CompensationOptions
        {
            Method = method,
            TeacherFolder = _folder["teacher"],
            CorpusFile = _folder["corpus.bin"],
            SearchFolder = _folder["search"],
            OutputFolder = _folder["compensation"],
            Train = new TrainOptions(),
            MicroBatchSequences = 4, // the last batch has two
        },
        OneRank.Environment());

    private static long[] Text(int sequence) => [.. Enumerable.Range(0, Positions).Select(t => (long)((sequence * 31 + t * t * 7 + t) % SmallModel.Vocabulary))];

    private string Codes(string folder, string name)
    {
        using var file = SafetensorsFile.Open(Directory.GetFiles(_folder[folder], "*.safetensors").Single());
        TensorEntry entry = file.Entry(name);
        byte[] bytes = new byte[entry.ByteCount];
        file.Read(entry, 0, bytes);
        return Convert.ToHexString(bytes);
    }
}
