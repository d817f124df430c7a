using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using E3Scale.TestSupport.Fuzzing;
using TorchSharp;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>
/// Damaged and hostile model folders: a clear error, or a model of what is in the folder; never a crash, a byte from outside the folder, or
/// more memory than the sizes of its files account for. The target Fuzz runs the same tests on many more files.
/// </summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    private const string Index = ModelFolder.IndexFile, First = "model-00001-of-00002.safetensors", Second = "model-00002-of-00002.safetensors";

    private readonly TempFolder _outer = new();
    private readonly string _folder;

    public CheckpointFuzzTests() => _folder = _outer.File("model");

    public void Dispose() => _outer.Dispose();

    [Theory]
    [InlineData("deepseek_v3", 15)]
    [InlineData("llama", 10)]
    [InlineData("qwen3_moe", 5)]
    [InlineData("deepseek_v2", 5)]
    public void Open_ConfigChanged_ThrowsOrGivesAModel(string modelType, int percent)
    {
        WriteSound(ConfigOf(modelType));
        Random random = new(41);
        int read = Check(FuzzFiles.Share(percent), ModelFolder.ConfigFile, sound => JsonMutator.Mutate(sound, random));
        Assert.True(read > 0, "no mutation left a model that loads");
    }

    [Fact]
    public void Open_IndexChanged_ThrowsOrGivesAModelOfTheFolder()
    {
        WriteSound(ConfigOf("deepseek_v3"));
        Random random = new(42);
        Check(FuzzFiles.Share(percent: 35), Index, sound => JsonMutator.Mutate(sound, random));
    }

    [Fact]
    public void Open_ShardChanged_ThrowsOrGivesAModel()
    {
        WriteSound(ConfigOf("deepseek_v3"));
        Random random = new(43);
        Check(FuzzFiles.Share(percent: 15), Second, sound => ByteMutator.Mutate(sound, random));
    }

    [Fact]
    public void Open_AnyFileCut_ThrowsOrGivesAModel()
    {
        WriteSound(ConfigOf("llama"));
        Random random = new(44);
        foreach (string file in (string[])[ModelFolder.ConfigFile, Index, First])
            Check(FuzzFiles.Share(percent: 5), file, sound => sound[..random.Next(sound.Length)]);
    }

    private int Check(int files, string name, Func<byte[], byte[]> mutate)
    {
        string path = Path.Combine(_folder, name);
        byte[] sound = File.ReadAllBytes(path);
        int read = 0;
        for (int round = 0; round < files; round++)
        {
            byte[] content = mutate(sound);
            File.WriteAllBytes(path, content);
            // The other files are sound and small; the constant holds what they cost and the objects of the layers that a config may name.
            long maxBytes = (64L * content.Length) + (1 << 21);
            if (!HostileInput.Read<CheckpointException>(OpenAndLoad, _folder, maxBytes, content))
                continue;
            if (HostileInput.Read<CheckpointException>(Build, _folder, maxBytes: 1 << 24, content))
                read++;
        }
        File.WriteAllBytes(path, sound);
        return read;
    }

    private void OpenAndLoad()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(_folder);
        foreach (string name in checkpoint.TensorNames)
        {
            long[] shape = [.. checkpoint.ShapeOf(name)];
            using torch.Tensor tensor = checkpoint.Load(name, shape, torch.ScalarType.Float32);
            Assert.False(IsSecret(tensor), $"{name} is not from the folder");
        }
    }

    /// <summary>In the file outside all numbers of a tensor are the same, and not 0; damage changes some.</summary>
    private static bool IsSecret(torch.Tensor tensor)
    {
        if (tensor.numel() < 2)
            return false;
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(tensor.bytes);
        return values[0] != 0 && !values.ContainsAnyExcept(values[0]);
    }

    private void Build()
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(_folder);
        new Decoder(checkpoint.Config, checkpoint.Names, checkpoint).Dispose();
    }

    /// <summary>A model of two shards in which every number is 0, beside a file of other numbers that its index must not reach.</summary>
    private void WriteSound(JsonObject config)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, ModelFolder.ConfigFile), config.ToJsonString());
        var (parsed, names) = SmallModel.Parse(config);
        WeightShape[] weights = [.. DecoderWeights.All(parsed)];
        JsonObject map = [];
        foreach (var (file, part) in ((string, WeightShape[])[])[(First, weights[..3]), (Second, weights[3..])])
        {
            File.WriteAllBytes(Path.Combine(_folder, file), Shard(part.Select(weight => Declare(weight, names)), value: 0));
            foreach (WeightShape weight in part)
                map[weight.NameIn(names)] = file;
        }
        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = 1234 }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(_folder, Index), index.ToJsonString());
        File.WriteAllBytes(_outer.File("secret.safetensors"), Shard(weights.Select(weight => Declare(weight, names)), value: 0x3C));
        File.CreateSymbolicLink(Path.Combine(_folder, "x.safetensors"), _outer.File("secret.safetensors"));
    }

    /// <summary>Several types in one file.</summary>
    private static TensorDeclaration Declare(WeightShape weight, IDecoderWeightNames names) => new(
        weight.NameIn(names), (weight.Layer & 1) == 0 ? SafetensorsType.F32 : weight.Expert >= 0 ? SafetensorsType.F16 : SafetensorsType.BF16, weight.Shape);

    private static byte[] Shard(IEnumerable<TensorDeclaration> tensors, byte value)
    {
        JsonObject header = [];
        long end = 0;
        foreach (TensorDeclaration tensor in tensors)
        {
            long start = end;
            end += tensor.ByteCount;
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = tensor.Type.ToString(),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(start, end),
            };
        }
        string json = header.ToJsonString();
        byte[] file = SafetensorsBytes.Make(json, (int)end);
        file.AsSpan(sizeof(ulong) + Encoding.UTF8.GetByteCount(json)).Fill(value);
        return file;
    }

    private static JsonObject ConfigOf(string modelType)
    {
        JsonObject config = modelType switch
        {
            "llama" => SmallModel.Llama(layers: 2, tied: true),
            "qwen3_moe" => SmallModel.Llama(layers: 2),
            _ => SmallModel.DeepSeek(layers: 2),
        };
        config["model_type"] = modelType;
        switch (modelType)
        {
            case "qwen3_moe":
                config["num_experts"] = 4;
                config["num_experts_per_tok"] = 2;
                config["moe_intermediate_size"] = 8;
                config["head_dim"] = 6;
                config["layer_types"] = new JsonArray("full_attention", "full_attention");
                break;
            case "deepseek_v2":
                config["topk_method"] = "group_limited_greedy";
                config["scoring_func"] = "softmax";
                break;
            case "deepseek_v3":
                config["rope_scaling"] = new JsonObject
                {
                    ["type"] = "yarn", ["factor"] = 4, ["original_max_position_embeddings"] = 16,
                    ["beta_fast"] = 32, ["beta_slow"] = 1, ["mscale"] = 1.0, ["mscale_all_dim"] = 1.0,
                };
                config["quantization_config"] = new JsonObject
                {
                    ["quant_method"] = "fp8", ["fmt"] = "e4m3", ["weight_block_size"] = new JsonArray(128, 128),
                };
                break;
            default:
                config["rope_scaling"] = new JsonObject
                {
                    ["rope_type"] = "llama3", ["factor"] = 8, ["original_max_position_embeddings"] = 16,
                    ["low_freq_factor"] = 1, ["high_freq_factor"] = 4,
                };
                break;
        }
        return config;
    }
}
