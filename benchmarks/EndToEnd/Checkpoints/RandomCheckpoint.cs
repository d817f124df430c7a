using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.MoE;

namespace E3Scale.Benchmarks.Checkpoints;

/// <summary>A model folder of random weights: DeepSeek-V3's architecture with matrices of the size of DeepSeek-V2-Lite's, in shards.</summary>
internal static class RandomCheckpoint
{
    private const long ShardBytes = 256 << 20;
    private const int NoiseBytes = 64 << 20;

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">Made when it is not there.</param>
    /// <param name="experts">Routed experts of both mixture layers, a multiple of 4.</param>
    /// <param name="isFp8">Whether projections are FP8 with a scale per block, as DeepSeek publishes them, instead of bfloat16.</param>
    public static void Write(string folder, int experts, bool isFp8)
    {
        Directory.CreateDirectory(folder);
        JsonObject config = Config(experts, isFp8);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        byte[] noise = new byte[NoiseBytes];
        new Random(1).NextBytes(noise);
        PublishedTensor[] tensors = [.. ModelFamilies.For(config, folder).PublishedTensors(JsonSerializer.SerializeToElement(config), folder)];
        JsonObject map = [];
        foreach (var (file, shard) in Shards(tensors))
        {
            using SafetensorsWriter writer = new(
                Path.Combine(folder, file), shard.Select(tensor => new TensorDeclaration(tensor.Name, tensor.Type, tensor.Shape)));
            foreach (PublishedTensor tensor in shard)
            {
                writer.Write(tensor.Name, Values(tensor, noise));
                map[tensor.Name] = file;
            }
            writer.Complete();
        }
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    private static IEnumerable<(string File, List<PublishedTensor> Tensors)> Shards(PublishedTensor[] tensors)
    {
        List<PublishedTensor> shard = [];
        int number = 0;
        long bytes = 0;
        foreach (PublishedTensor tensor in tensors)
        {
            shard.Add(tensor);
            bytes += tensor.Count * tensor.Type.ByteSize();
            if (bytes < ShardBytes && tensor != tensors[^1])
                continue;
            yield return ($"model-{++number:D5}.safetensors", shard);
            (shard, bytes) = ([], 0);
        }
    }

    /// <summary>Noise for what is stored in few bits; 1 for float32, which are scales and biases.</summary>
    private static ReadOnlySpan<byte> Values(PublishedTensor tensor, byte[] noise)
    {
        int bytes = checked((int)(tensor.Count * tensor.Type.ByteSize()));
        if (tensor.Type != SafetensorsType.F32)
            return noise.AsSpan(0, bytes);
        float[] ones = new float[tensor.Count];
        Array.Fill(ones, 1);
        return MemoryMarshal.AsBytes(ones.AsSpan());
    }

    private static JsonObject Config(int experts, bool isFp8)
    {
        JsonObject config = new()
        {
            ["model_type"] = "deepseek_v3", ["hidden_act"] = "silu", ["vocab_size"] = 4096, ["hidden_size"] = 2048, ["num_hidden_layers"] = 3,
            ["first_k_dense_replace"] = 1, ["intermediate_size"] = 8192, ["moe_intermediate_size"] = 1408, ["n_routed_experts"] = experts,
            ["n_shared_experts"] = 1, ["num_experts_per_tok"] = 2, ["n_group"] = 4, ["topk_group"] = 2, ["topk_method"] = "noaux_tc",
            ["scoring_func"] = "sigmoid", ["norm_topk_prob"] = true, ["routed_scaling_factor"] = 2.5, ["num_attention_heads"] = 16,
            ["q_lora_rank"] = 768, ["kv_lora_rank"] = 512, ["qk_nope_head_dim"] = 128, ["qk_rope_head_dim"] = 64, ["v_head_dim"] = 128,
            ["rms_norm_eps"] = 1e-6, ["max_position_embeddings"] = 4096,
        };
        if (isFp8)
            config["quantization_config"] = new JsonObject
            {
                ["quant_method"] = "fp8", ["fmt"] = "e4m3", ["weight_block_size"] = new JsonArray(128, 128),
            };
        return config;
    }
}
