using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class Fp8ExportTests
{
    private const string Projection = "model.layers.0.mlp.down_proj.weight";

    [SkippableFact]
    public void Export_UnchangedFp8Weights_KeepCodesAndScales()
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("deepseek_fp8");
        using CheckpointExporter exporter = StoredTensors.Export(StoredTensors.AllLayers(source, temp.File("student"), WeightFormat.Fp8));

        Assert.Equal(StoredTensors.Read(source), StoredTensors.Read(temp.File("student")));
        Assert.Equal(0, exporter.Rounding.Total.Largest);
        Assert.True(JsonNode.DeepEquals(Config(source)["quantization_config"], Config(temp.File("student"))["quantization_config"]));
    }

    [SkippableFact]
    public void Export_Float32Weights_AreScaledByTheLargestOfTheirBlock()
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("deepseek_qlora_yarn");
        using CheckpointExporter exporter = StoredTensors.Export(StoredTensors.AllLayers(source, temp.File("student"), WeightFormat.Fp8));

        var written = StoredTensors.Read(temp.File("student"));
        float[] exact = MemoryMarshal.Cast<byte, float>(StoredTensors.Read(source)[Projection].Bytes).ToArray();
        var (type, shape, codes) = written[Projection];
        float scale = Assert.Single(MemoryMarshal.Cast<byte, float>(written[Projection + "_scale_inv"].Bytes).ToArray());
        Assert.Equal((SafetensorsType.F8_E4M3, "[64, 128]"), (type, shape));
        Assert.Equal(exact.Max(Math.Abs) / 448, scale);
        // Half a step of a 3-bit mantissa, or of the smallest step.
        Assert.All(exact.Zip(codes), pair => Assert.InRange(
            Math.Abs(pair.First - Fp8.Decode(pair.Second) * scale), 0, Math.Max(Math.Abs(pair.First) / 16, scale / 1024) * 1.0001));
        Assert.Equal(SafetensorsType.BF16, written["lm_head.weight"].Type);
        Assert.Equal(SafetensorsType.BF16, written["model.layers.1.mlp.gate.weight"].Type);
        Assert.Equal(SafetensorsType.F32, written["model.layers.1.mlp.gate.e_score_correction_bias"].Type);
    }

    [SkippableFact]
    public void Export_AsFp8_SaysSoInConfigAndIndex()
    {
        using TempFolder temp = new();
        ExportOptions options = StoredTensors.AllLayers(StoredTensors.PathOf("deepseek_qlora_yarn"), temp.File("student"), WeightFormat.Fp8);
        using CheckpointExporter exporter = StoredTensors.Export(options with { MaxShardBytes = 30_000 }, ranks: 2);

        JsonNode config = Config(temp.File("student"));
        Assert.Equal(
            """{"activation_scheme":"dynamic","fmt":"e4m3","quant_method":"fp8","weight_block_size":[128,128]}""",
            config["quantization_config"]!.ToJsonString());
        Assert.Equal("bfloat16", config["torch_dtype"]!.GetValue<string>());
        JsonObject files = JsonNode.Parse(File.ReadAllText(temp.File("student/model.safetensors.index.json")))!["weight_map"]!.AsObject();
        var scales = files.Where(file => file.Key.EndsWith("_scale_inv", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(scales);
        Assert.All(scales, scale => Assert.Equal(files[scale.Key[..^"_scale_inv".Length]]!.GetValue<string>(), scale.Value!.GetValue<string>()));
    }

    [SkippableFact]
    public void Export_AsFp8_ReportsTheErrorThatLoadingShows()
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("qwen3_untied");
        using CheckpointExporter exporter = StoredTensors.Export(StoredTensors.AllLayers(source, temp.File("student"), WeightFormat.Fp8), ranks: 3);

        using HuggingFaceCheckpoint before = HuggingFaceCheckpoint.Open(source), after = HuggingFaceCheckpoint.Open(temp.File("student"));
        double error = 0, norm = 0, largest = 0;
        foreach (string name in before.TensorNames.Where(name => name.Contains("self_attn", StringComparison.Ordinal) && name.EndsWith("proj.weight", StringComparison.Ordinal)))
            foreach (var (exact, rounded) in Values(before, name).Zip(Values(after, name)))
            {
                error += Math.Pow((double)rounded - exact, 2);
                norm += Math.Pow(exact, 2);
                largest = Math.Max(largest, Math.Abs((double)rounded - exact));
            }
        RoundingError attention = exporter.Rounding.ByKind[WeightKind.Attention];
        Assert.Equal(Math.Sqrt(error / norm), attention.RelativeRms, 1e-7);
        Assert.Equal(largest, attention.Largest, 1e-7);
        Assert.InRange(attention.RelativeRms, 0.005, 0.05); // a mantissa of three bits
        JsonNode record = JsonNode.Parse(File.ReadAllText(temp.File("student/pruning.json")))!;
        Assert.Equal("fp8", record["weights"]!.GetValue<string>());
        Assert.Equal(attention.RelativeRms, record["rounding_error"]!["by_kind"]!["attention"]!["relative_rms"]!.GetValue<double>());
        Assert.Equal(exporter.Rounding.Total.Largest, record["rounding_error"]!["largest"]!.GetValue<double>());
    }

    [SkippableTheory]
    [InlineData("qwen3moe_mixed", """["lm_head","model.layers.1.mlp.gate"]""")]
    [InlineData("mixtral", """["lm_head","model.layers.0.block_sparse_moe.gate","model.layers.1.block_sparse_moe.gate"]""")]
    public void Export_RoutersThatAreLinearModules_AreExceptedInTheConfig(string folder, string modules)
    {
        using TempFolder temp = new();
        ExportOptions options = StoredTensors.AllLayers(StoredTensors.PathOf(folder), temp.File("student"), WeightFormat.Fp8) with { KeptLayers = [0, 1] };
        using CheckpointExporter exporter = StoredTensors.Export(options);

        Assert.Equal(modules, Config(temp.File("student"))["quantization_config"]!["modules_to_not_convert"]!.ToJsonString());
    }

    [SkippableTheory]
    [InlineData(SafetensorsType.BF16)]
    [InlineData(SafetensorsType.F16)]
    public void Export_ScalesIn16Bits_AreReadAndCopied(SafetensorsType type)
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("deepseek_fp8");
        var stored = StoredTensors.Read(source);
        foreach (string name in stored.Keys.Where(name => name.EndsWith("_scale_inv", StringComparison.Ordinal)).ToList())
            stored[name] = stored[name] with { Type = type, Bytes = Narrow(stored[name].Bytes) };
        Directory.CreateDirectory(temp.File("teacher"));
        File.Copy(Path.Combine(source, "config.json"), temp.File("teacher/config.json"));
        using (SafetensorsWriter writer = new(temp.File("teacher/model.safetensors"), stored.Select(tensor => new TensorDeclaration(
            tensor.Key, tensor.Value.Type, [.. tensor.Value.Shape.Trim('[', ']').Split(", ").Select(long.Parse)]))))
        {
            foreach (var (name, tensor) in stored)
                writer.Write(name, tensor.Bytes);
            writer.Complete();
        }
        using CheckpointExporter exporter = StoredTensors.Export(StoredTensors.AllLayers(temp.File("teacher"), temp.File("student"), WeightFormat.Fp8));

        Assert.Equal(stored, StoredTensors.Read(temp.File("student")));
        using HuggingFaceCheckpoint student = HuggingFaceCheckpoint.Open(temp.File("student"));
        byte[] bits = stored[Projection + "_scale_inv"].Bytes;
        float scale = type == SafetensorsType.F16 ? (float)BitConverter.ToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bits) << 16);
        Assert.Equal(Fp8.Decode(stored[Projection].Bytes[0]) * scale, Values(student, Projection)[0]);

        byte[] Narrow(byte[] floats) => type == SafetensorsType.F16
            ? [.. MemoryMarshal.Cast<byte, float>(floats).ToArray().SelectMany(value => BitConverter.GetBytes((Half)value))]
            : [.. floats.Where((_, i) => i % 4 >= 2)]; // the upper half of a float32
    }

    [SkippableFact]
    public void Export_GivenCodes_WritesThemAsTheyAre()
    {
        using TempFolder temp = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(StoredTensors.PathOf("deepseek_fp8"));
        using Decoder model = new(source.Config, source.Names, source, frozen: FrozenStorage.Fp8);
        using CheckpointExporter exporter = new(StoredTensors.AllLayers(source.Folder, temp.File("student"), WeightFormat.Fp8));
        exporter.Export(model.MergedWeights().Select(weight =>
            new ExportTensor(weight.Parameter.Name, weight.Parameter.Value.shape, weight.Value) { Blocks = weight.Parameter.Blocks }));

        Assert.Equal(StoredTensors.Read(source.Folder), StoredTensors.Read(temp.File("student")));
    }

    [SkippableFact]
    public void Export_WeightThatIsNotFinite_NamesIt()
    {
        using TempFolder temp = new();
        using HuggingFaceCheckpoint source = HuggingFaceCheckpoint.Open(StoredTensors.PathOf("llama2_gqa"));
        using CheckpointExporter exporter = new(StoredTensors.AllLayers(source.Folder, temp.File("student"), WeightFormat.Fp8));
        exporter.Prepare();
        ExportTensor bad = new(Projection, source.ShapeOf(Projection), () => torch.full([.. source.ShapeOf(Projection)], float.NaN));

        Assert.Contains(Projection, Assert.Throws<CheckpointException>(() => exporter.WriteShards(0, [bad])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_NumbersWhoseScaleWouldBeZero_BecomeZero()
    {
        byte[] codes = new byte[2];
        float[] scales = new float[1];
        Fp8.Quantize([0, float.Epsilon], columns: 2, blockRows: 128, blockColumns: 128, codes, scales);
        Assert.Equal([0, 0], codes);
        Assert.Equal([1f], scales);
    }

    private static JsonNode Config(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;

    private static float[] Values(HuggingFaceCheckpoint checkpoint, string name)
    {
        using torch.Tensor value = checkpoint.Load(name, [.. checkpoint.ShapeOf(name)], torch.ScalarType.Float32);
        return [.. value.data<float>()];
    }
}
