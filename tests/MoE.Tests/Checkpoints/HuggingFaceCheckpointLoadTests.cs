using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using E3Scale.Kernels;
using E3Scale.TestSupport;

using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

public sealed class HuggingFaceCheckpointLoadTests
{
    private const string LlamaConfig = """
        {"model_type": "llama", "vocab_size": 8, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
        """;

    [SkippableFact]
    public void Load_Fp8Weights_EqualTheReferenceExactly()
    {
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        using SafetensorsFile expected = SafetensorsFile.Open(SharedData.Require("golden", "deepseek_fp8", "dequantized.safetensors"));
        foreach (TensorEntry entry in expected.Entries)
        {
            Assert.Equal(SafetensorsType.F8_E4M3, checkpoint.TypeOf(entry.Name));
            torch.Tensor actual = checkpoint.Load(entry.Name, [.. entry.Shape], torch.ScalarType.Float32);
            Assert.True(expected.Load(entry.Name).bytes.SequenceEqual(actual.bytes), entry.Name);
        }
    }

    [SkippableFact]
    public void Load_Bfloat16Weight_WidensExactly()
    {
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        torch.Tensor wide = checkpoint.Load("model.embed_tokens.weight", [128, 160], torch.ScalarType.Float32);
        torch.Tensor narrow = checkpoint.Load("model.embed_tokens.weight", [128, 160], torch.ScalarType.BFloat16);
        Assert.Equal(torch.ScalarType.Float32, wide.dtype);
        Assert.Equal(torch.ScalarType.BFloat16, narrow.dtype);
        Assert.True(wide.bytes.SequenceEqual(narrow.to(torch.ScalarType.Float32).bytes));
    }

    [Theory]
    [InlineData(torch.ScalarType.Float16)]
    [InlineData(torch.ScalarType.BFloat16)]
    [InlineData(torch.ScalarType.Float64)]
    public void Load_WeightsOfAnyFloatType_AreTheStoredOnesWidened(torch.ScalarType stored)
    {
        using IDisposable scope = torch.NewDisposeScope();
        using var folder = new TestFolder();
        using Decoder model = SmallModel.Create(SmallModel.Llama(tied: true));
        SmallModel.Write(folder.Root, SmallModel.Llama(tied: true));
        var weights = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.to_type(stored), StringComparer.Ordinal);
        SafetensorsWriter.Save(folder["model.safetensors"], weights);

        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Root);
        using var loaded = new Decoder(checkpoint.Config, checkpoint.Names, checkpoint);

        Assert.All(loaded.Parameters.All, parameter =>
            Assert.True(parameter.Value.bytes.SequenceEqual(weights[parameter.Name].to_type(torch.ScalarType.Float32).bytes), parameter.Name));
    }

    [SkippableFact]
    public void Load_ResultDisposed_LeavesNoTensors()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "deepseek_fp8"));
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (string name in checkpoint.TensorNames)
            checkpoint.Load(name, [.. checkpoint.ShapeOf(name)], torch.ScalarType.BFloat16).Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [SkippableFact]
    public void Load_OtherShape_NamesBothShapes()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        string message = ErrorOf(checkpoint, "model.norm.weight", [65]);
        Assert.Contains("[64]", message, StringComparison.Ordinal);
        Assert.Contains("[65]", message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Load_MissingTensor_NamesIt()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(SharedData.Require("golden", "llama2_gqa"));
        string message = ErrorOf(checkpoint, "model.layers.9.x", [1]);
        Assert.Contains("'model.layers.9.x'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Fp8WithoutScales_NamesTheMissingTensor()
    {
        string message = ErrorOfFp8("""{"w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}""", 4);
        Assert.Contains("'w_scale_inv'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Fp8WithTooFewScales_NamesBothShapes()
    {
        string message = ErrorOfFp8(
            """{"w_scale_inv":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},""" +
            """ "w":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[8,12]}}""", 12);
        Assert.Contains("[2, 1]", message, StringComparison.Ordinal);
        Assert.Contains("[1, 1]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("half", torch.ScalarType.Float32)]
    [InlineData("half", torch.ScalarType.BFloat16)]
    [InlineData("brain", torch.ScalarType.Float32)]
    [InlineData("brain", torch.ScalarType.BFloat16)]
    [InlineData("single", torch.ScalarType.Float32)]
    [InlineData("single", torch.ScalarType.BFloat16)]
    [InlineData("double", torch.ScalarType.Float32)]
    [InlineData("codes", torch.ScalarType.Float32)]
    [InlineData("codes", torch.ScalarType.BFloat16)]
    [InlineData("codes", torch.ScalarType.Float16)]
    public void Load_SeveralTypesInOneFile_GivesTheValuesOfEach(string name, torch.ScalarType dtype)
    {
        using TempFolder folder = new();
        folder.Write("config.json", LlamaConfig);
        WriteSeveralTypes(folder.File("model.safetensors"));
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        torch.Tensor loaded = checkpoint.Load(name, [2, 3], dtype);
        Assert.Equal(dtype, loaded.dtype);
        // Every type holds these exactly; the codes have the scale 2.
        float[] expected = name == "codes" ? [2, -4, 3, 0, 1, 1 / 256f] : [1, -2, 1.5f, 0, 0.5f, -0.25f];
        Assert.Equal(expected, loaded.to(torch.ScalarType.Float32).data<float>().ToArray());
    }

    [Theory]
    [InlineData(torch.ScalarType.Float32)]
    [InlineData(torch.ScalarType.BFloat16)]
    public void Load_MatrixOfManyPieces_EqualsItsParts(torch.ScalarType dtype)
    {
        // Wider than what is converted at once, with rows and blocks that end in the middle of pieces.
        const int rows = 1030, columns = 4100;
        using TempFolder folder = new();
        folder.Write("config.json", LlamaConfig);
        Random random = new(5);
        byte[] codes = new byte[rows * columns];
        random.NextBytes(codes);
        for (int i = 0; i < codes.Length; i++)
            if ((codes[i] & 0x7F) == 0x7F)
                codes[i] = 0; // no NaN, which equals nothing
        float[] scales = [.. Enumerable.Range(0, 9 * 33).Select(_ => random.NextSingle())];
        ushort[] bits = [.. Enumerable.Range(0, rows * columns).Select(i => BFloat16Rows.Round(i % 977 - 488))];
        using (SafetensorsWriter writer = new(folder.File("model.safetensors"),
            [new("codes", SafetensorsType.F8_E4M3, [rows, columns]), new("codes_scale_inv", SafetensorsType.F32, [9, 33]), new("brain", SafetensorsType.BF16, [rows, columns])]))
        {
            writer.Write("codes", codes);
            writer.Write("codes_scale_inv", MemoryMarshal.AsBytes(scales.AsSpan()));
            writer.Write("brain", MemoryMarshal.AsBytes(bits.AsSpan()));
            writer.Complete();
        }
        using IDisposable scope = torch.NewDisposeScope();
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);

        float[] dequantized = checkpoint.Load("codes", [rows, columns], dtype).to(torch.ScalarType.Float32).data<float>().ToArray();
        float[] widened = checkpoint.Load("brain", [rows, columns], dtype).to(torch.ScalarType.Float32).data<float>().ToArray();

        for (int i = 0; i < codes.Length; i++)
        {
            float expected = Fp8.Decode(codes[i]) * scales[i / columns / 128 * 33 + i % columns / 128];
            if (dtype == torch.ScalarType.BFloat16)
                expected = BitConverter.UInt32BitsToSingle((uint)BFloat16Rows.Round(expected) << 16);
            if (dequantized[i] != expected || widened[i] != BitConverter.UInt32BitsToSingle((uint)bits[i] << 16))
                Assert.Fail($"element {i}: {dequantized[i]} and {widened[i]}, expected {expected} and {bits[i]:X4}");
        }
        Assert.Equal(codes.Length + 4 * scales.Length + 2L * bits.Length, checkpoint.BytesRead);
    }

    [Fact]
    public void Load_ModelIn163Shards_IsTheModelInOne()
    {
        using TempFolder single = new();
        using TempFolder sharded = new();
        SmallModel.Write(single.Path, SmallModel.DeepSeek(layers: 8));
        using HuggingFaceCheckpoint whole = HuggingFaceCheckpoint.Open(single.Path);
        JsonObject map = [];
        string[] names = [.. whole.TensorNames.Order(StringComparer.Ordinal)];
        Assert.True(names.Length > 163);
        foreach (var shard in names.Select((name, i) => (Name: name, File: $"model-{1 + i * 163 / names.Length:D5}-of-000163.safetensors")).GroupBy(t => t.File))
        {
            using IDisposable scope = torch.NewDisposeScope();
            SafetensorsWriter.Save(sharded.File(shard.Key), shard.ToDictionary(t => t.Name, t => Load(whole, t.Name)));
            foreach (var (name, file) in shard)
                map[name] = file;
        }
        sharded.Write("config.json", File.ReadAllBytes(single.File("config.json")));
        sharded.Write("model.safetensors.index.json", new JsonObject { ["weight_map"] = map }.ToJsonString());

        using HuggingFaceCheckpoint parts = HuggingFaceCheckpoint.Open(sharded.Path);
        Assert.Equal(163, Directory.GetFiles(sharded.Path, "*.safetensors").Length);
        Assert.Equal(whole.ContentHash, parts.ContentHash);
        using Decoder model = new(parts.Config, parts.Names, parts);
        Assert.Equal(names, model.Parameters.All.Select(parameter => parameter.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_TiedEmbeddings_NeedNoHead()
    {
        using TempFolder folder = new();
        SmallModel.Write(folder.Path, SmallModel.Llama(tied: true));
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        Assert.False(checkpoint.Contains("lm_head.weight"));
        using IDisposable scope = torch.NewDisposeScope();
        using Decoder model = new(checkpoint.Config, checkpoint.Names, checkpoint);
        torch.Tensor hidden = SmallModel.Noise(3, 1, 2, 24);
        torch.Tensor normed = hidden * torch.rsqrt(hidden.square().mean([-1], keepdim: true) + 1e-5) * Load(checkpoint, "model.norm.weight");
        Assert.True(SmallModel.Distance(torch.matmul(normed, Load(checkpoint, "model.embed_tokens.weight").t()), model.Logits(hidden)) < 1e-5);
    }

    private static torch.Tensor Load(HuggingFaceCheckpoint checkpoint, string name) =>
        checkpoint.Load(name, [.. checkpoint.ShapeOf(name)], torch.ScalarType.Float32);

    private static void WriteSeveralTypes(string path)
    {
        float[] values = [1, -2, 1.5f, 0, 0.5f, -0.25f];
        byte[] codes = [0x38, 0xC0, 0x3C, 0x00, 0x30, 0x01]; // 1, -2, 1.5, 0, 0.5, 2^-9
        using SafetensorsWriter writer = new(path,
        [
            new("half", SafetensorsType.F16, [2, 3]), new("brain", SafetensorsType.BF16, [2, 3]), new("single", SafetensorsType.F32, [2, 3]),
            new("double", SafetensorsType.F64, [2, 3]), new("codes", SafetensorsType.F8_E4M3, [2, 3]), new("codes_scale_inv", SafetensorsType.F32, [1, 1]),
        ]);
        writer.Write("half", Bytes(values, value => BitConverter.GetBytes((Half)value)));
        writer.Write("brain", Bytes(values, value => BitConverter.GetBytes(BFloat16Rows.Round(value))));
        writer.Write("single", Bytes(values, BitConverter.GetBytes));
        writer.Write("double", Bytes(values, value => BitConverter.GetBytes((double)value)));
        writer.Write("codes", codes);
        writer.Write("codes_scale_inv", BitConverter.GetBytes(2f));
        writer.Complete();

        static byte[] Bytes(float[] values, Func<float, byte[]> convert) => [.. values.SelectMany(convert)];
    }

    private static string ErrorOfFp8(string header, int dataBytes)
    {
        using TempFolder folder = new();
        folder.Write("config.json", LlamaConfig);
        folder.Write("model.safetensors", SafetensorsBytes.Make(header, dataBytes));
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(folder.Path);
        return ErrorOf(checkpoint, "w", [2, 2]);
    }

    private static string ErrorOf(HuggingFaceCheckpoint checkpoint, string name, long[] shape) =>
        Assert.Throws<CheckpointException>(() => checkpoint.Load(name, shape, torch.ScalarType.Float32)).Message;
}
