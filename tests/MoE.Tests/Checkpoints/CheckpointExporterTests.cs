using System.Text.Json.Nodes;

using E3Scale.TestSupport;

using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class CheckpointExporterTests
{
    private static readonly int[] Kept = [0, 2, 4];

    [SkippableFact]
    public void Export_TwoLayersDropped_RenumbersTheOthers()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_sharded_mtp"));
        new CheckpointExporter(Options(source, folder)).Export(Weights(source));

        using HuggingFaceCheckpoint student = HuggingFaceCheckpoint.Open(folder.File("student"));
        Assert.Equal(3, student.Config.LayerCount);
        Assert.Equal([false, true, true], student.Config.Moe!.LayerIsMoe);
        Assert.Equal(0, student.ConfigJson["num_nextn_predict_layers"]!.GetValue<int>());
        Assert.Equal(1, student.ConfigJson["first_k_dense_replace"]!.GetValue<int>());
        Assert.Equal("float32", student.ConfigJson["torch_dtype"]!.GetValue<string>());
        Assert.All(student.AllTensorNames, name => Assert.True(student.Names.LayerOf(name) is null or < 3));
        foreach (string name in student.TensorNames)
        {
            int? layer = student.Names.LayerOf(name);
            AssertSameBytes(source, layer is { } l ? source.Names.InOtherLayer(name, Kept[l]) : name, student, name);
        }
    }

    [SkippableFact]
    public void Export_SmallShards_HonoursTheSizeAndSumsItUp()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_sharded_mtp"));
        new CheckpointExporter(Options(source, folder) with { MaxShardBytes = 100_000 }).Export(Weights(source));

        JsonObject index = JsonNode.Parse(File.ReadAllText(folder.File("student/model.safetensors.index.json")))!.AsObject();
        string[] files = [.. Directory.EnumerateFiles(folder.File("student"), "*.safetensors").Select(f => Path.GetFileName(f)!).Order()];
        Assert.True(files.Length > 1);
        Assert.Equal($"model-00001-of-{files.Length:D5}.safetensors", files[0]);
        Assert.Equal(files, index["weight_map"]!.AsObject().Select(e => e.Value!.GetValue<string>()).Distinct().Order());
        long total = 0;
        foreach (string file in files)
        {
            using SafetensorsFile shard = SafetensorsFile.Open(folder.File("student/" + file));
            long bytes = shard.Entries.Sum(e => e.ByteCount);
            Assert.InRange(bytes, 1, 100_000);
            Assert.Equal("pt", shard.Metadata["format"]);
            total += bytes;
        }
        Assert.Equal(total, index["metadata"]!["total_size"]!.GetValue<long>());
    }

    [SkippableFact]
    public void Export_SeveralParts_HoldTheSameWeightsAsOne()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_sharded_mtp"));
        ExportTensor[] weights = [.. Weights(source)];
        new CheckpointExporter(Options(source, folder) with { TargetFolder = folder.File("one") }).Export(weights);
        CheckpointExporter exporter = new(Options(source, folder));
        exporter.Prepare();
        exporter.WriteShards(0, weights[..50]);
        exporter.WriteShards(1, weights[50..]);
        exporter.WriteShards(2, []);
        exporter.Finish();

        using HuggingFaceCheckpoint one = HuggingFaceCheckpoint.Open(folder.File("one"));
        using HuggingFaceCheckpoint several = HuggingFaceCheckpoint.Open(folder.File("student"));
        Assert.Equal(one.ContentHash, several.ContentHash);
    }

    [SkippableFact]
    public void Export_Fp8SourceAsBfloat16_DropsTheQuantizationAndKeepsTheBiasInFloat32()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        new CheckpointExporter(Options(source, folder) with { Weights = WeightFormat.Bf16 }).Export(Weights(source));

        using HuggingFaceCheckpoint student = HuggingFaceCheckpoint.Open(folder.File("student"));
        Assert.False(student.ConfigJson.ContainsKey("quantization_config"));
        Assert.Equal("bfloat16", student.ConfigJson["torch_dtype"]!.GetValue<string>());
        Assert.Equal(SafetensorsType.BF16, student.TypeOf("model.layers.1.mlp.experts.0.up_proj.weight"));
        Assert.Equal(SafetensorsType.F32, student.TypeOf("model.layers.1.mlp.gate.e_score_correction_bias"));
    }

    [SkippableFact]
    public void Export_TokenizerAndRecord_AreInTheFolder()
    {
        using TempFolder folder = new();
        string model = SharedData.Require("data", "models", "stories260K");
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(model);
        ExportOptions options = Options(source, folder) with { SourceHash = () => source.ContentHash };
        new CheckpointExporter(options).Export(Weights(source));

        foreach (string name in (string[])["tokenizer.json", "generation_config.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(model, name)), File.ReadAllBytes(folder.File("student/" + name)));
        JsonObject record = JsonNode.Parse(File.ReadAllText(folder.File("student/pruning.json")))!.AsObject();
        Assert.Equal("[1,3]", record["dropped_layers"]!.ToJsonString());
        Assert.Equal("[0,2,4]", record["kept_layers"]!.ToJsonString());
        Assert.Equal(source.ContentHash, record["source_sha256"]!.GetValue<string>());
        Assert.Equal("test", record["method"]!.GetValue<string>());
    }

    [SkippableFact]
    public void Finish_WeightMissing_NamesItAndLeavesNoFolder()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        IEnumerable<ExportTensor> weights = Weights(source).Where(w => w.Name != "model.layers.2.self_attn.q_proj.weight");
        string message = Assert.Throws<CheckpointException>(() => new CheckpointExporter(Options(source, folder)).Export(weights)).Message;
        Assert.Contains("model.layers.1.self_attn.q_proj.weight", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("student")));
    }

    [SkippableFact]
    public void Finish_WeightWrittenTwice_NamesIt()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        CheckpointExporter exporter = new(Options(source, folder));
        exporter.Prepare();
        exporter.WriteShards(0, Weights(source));
        exporter.WriteShards(1, Weights(source).Take(1));
        Assert.Contains("two parts", Assert.Throws<CheckpointException>(exporter.Finish).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Prepare_FolderWithOtherFiles_IsRefused()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        Directory.CreateDirectory(folder.File("student"));
        folder.Write("student/thesis.tex", "precious");
        Assert.Throws<CheckpointException>(new CheckpointExporter(Options(source, folder)).Prepare);
        Assert.Equal("precious", File.ReadAllText(folder.File("student/thesis.tex")));
    }

    [SkippableFact]
    public void Export_OverAnEarlierExport_ReplacesIt()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        new CheckpointExporter(Options(source, folder)).Export(Weights(source));
        ExportOptions options = Options(source, folder) with { KeptLayers = [0, 4] };
        new CheckpointExporter(options).Export(Weights(source).Where(w => source.Names.LayerOf(w.Name) is not 2));
        using HuggingFaceCheckpoint student = HuggingFaceCheckpoint.Open(folder.File("student"));
        Assert.Equal(2, student.Config.LayerCount);
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [SkippableFact]
    public void WriteShards_WeightOfADroppedLayer_Throws()
    {
        using TempFolder folder = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        CheckpointExporter exporter = new(Options(source, folder));
        exporter.Prepare();
        ExportTensor dropped = new("model.layers.1.input_layernorm.weight", [64], () => throw new InvalidOperationException());
        string message = Assert.Throws<ArgumentException>(() => exporter.WriteShards(0, [dropped])).Message;
        Assert.Contains("layer 1", message, StringComparison.Ordinal);
    }

    private static ExportOptions Options(HuggingFaceCheckpoint source, TempFolder folder) => new()
    {
        SourceFolder = source.Folder,
        TargetFolder = folder.File("student"),
        KeptLayers = Kept,
        Method = "test",
        Weights = WeightFormat.Fp32,
    };

    private static IEnumerable<ExportTensor> Weights(HuggingFaceCheckpoint source) =>
        from name in source.TensorNames.Order(StringComparer.Ordinal)
        where source.Names.LayerOf(name) is not { } layer || Kept.Contains(layer)
        let shape = source.ShapeOf(name)
        select new ExportTensor(name, shape, () => source.Load(name, [.. shape], torch.ScalarType.Float32));

    private static void AssertSameBytes(
        HuggingFaceCheckpoint expected, string expectedName, HuggingFaceCheckpoint actual, string actualName)
    {
        using torch.Tensor left = expected.Load(expectedName, [.. expected.ShapeOf(expectedName)], torch.ScalarType.Float32);
        using torch.Tensor right = actual.Load(actualName, [.. left.shape], torch.ScalarType.Float32);
        Assert.True(left.bytes.SequenceEqual(right.bytes), actualName);
    }
}
