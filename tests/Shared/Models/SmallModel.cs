using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.MoE;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.TestSupport;

/// <summary>Models of a few thousand weights, of both families: in memory, or as a Hugging Face folder.</summary>
internal static class SmallModel
{
    public const int Vocabulary = 40;

    /// <summary>DeepSeek-V3 in small: latent attention, a dense layer, then 8 experts in 4 groups beside a shared one.</summary>
    public static JsonObject DeepSeek(int layers = 4) => new()
    {
        ["model_type"] = "deepseek_v3",
        ["hidden_act"] = "silu",
        ["vocab_size"] = Vocabulary,
        ["hidden_size"] = 24,
        ["num_hidden_layers"] = layers,
        ["first_k_dense_replace"] = 1,
        ["intermediate_size"] = 32,
        ["moe_intermediate_size"] = 12,
        ["n_routed_experts"] = 8,
        ["n_shared_experts"] = 1,
        ["num_experts_per_tok"] = 2,
        ["n_group"] = 4,
        ["topk_group"] = 2,
        ["topk_method"] = "noaux_tc",
        ["scoring_func"] = "sigmoid",
        ["norm_topk_prob"] = true,
        ["routed_scaling_factor"] = 2.5,
        ["num_attention_heads"] = 2,
        ["q_lora_rank"] = 10,
        ["kv_lora_rank"] = 8,
        ["qk_nope_head_dim"] = 8,
        ["qk_rope_head_dim"] = 4,
        ["v_head_dim"] = 6,
        ["rms_norm_eps"] = 1e-6,
        ["max_position_embeddings"] = 64,
        ["bos_token_id"] = 0,
        ["eos_token_id"] = 1,
    };

    /// <summary>LLaMA in small: grouped-query attention, dense MLPs.</summary>
    public static JsonObject Llama(int layers = 4, bool tied = false) => new()
    {
        ["model_type"] = "llama",
        ["hidden_act"] = "silu",
        ["vocab_size"] = Vocabulary,
        ["hidden_size"] = 24,
        ["num_hidden_layers"] = layers,
        ["intermediate_size"] = 32,
        ["num_attention_heads"] = 4,
        ["num_key_value_heads"] = 2,
        ["rms_norm_eps"] = 1e-5,
        ["max_position_embeddings"] = 64,
        ["tie_word_embeddings"] = tied,
        ["bos_token_id"] = 0,
        ["eos_token_id"] = 1,
    };

    /// <summary>openPangu-Ultra-MoE in small: DeepSeek's layers with sandwich norms.</summary>
    public static JsonObject Pangu(int layers = 4)
    {
        JsonObject config = DeepSeek(layers);
        foreach (string field in new[] { "n_group", "topk_group", "topk_method", "scoring_func", "moe_layer_freq" })
            config.Remove(field);
        config["model_type"] = "pangu_ultra_moe";
        config["sandwich_norm"] = true;
        config["rms_norm_eps"] = 1e-5;
        return config;
    }

    public static (DecoderConfig Config, IDecoderWeightNames Names) Parse(JsonObject config)
    {
        ModelFamily family = ModelFamilies.For(config, "config.json");
        return (family.ParseConfig(JsonSerializer.SerializeToElement(config), "config.json"), family.Names);
    }

    /// <summary>A model, or a part of it, with the weights of a seed.</summary>
    public static Decoder Create(JsonObject config, int seed = 1, DecoderPart? part = null, ScalarType dtype = ScalarType.Float32)
    {
        var (parsed, names) = Parse(config);
        return new Decoder(parsed, names, new SeededWeights(seed), part, dtype);
    }

    /// <summary>Writes a model as a Hugging Face folder.</summary>
    public static void Write(string folder, JsonObject config, int seed = 1)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using Decoder model = Create(config, seed);
        SafetensorsWriter.Save(
            Path.Combine(folder, "model.safetensors"),
            model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Value, StringComparer.Ordinal));
    }

    /// <summary>Token ids of every vocabulary entry, in an order without pattern; int64 [batch, positions].</summary>
    public static Tensor Ids(int batch, int positions, int seed = 1)
    {
        long[] ids = [.. Enumerable.Range(0, batch * positions).Select(i => (long)((i * i + 7 * i * seed + 3) % 101 % Vocabulary))];
        return tensor(ids, [batch, positions]);
    }

    /// <summary>Uniform float32 numbers with mean 0 and variance 1, the same whatever other tests draw meanwhile.</summary>
    public static Tensor Noise(int seed, params long[] shape)
    {
        var random = new Random(seed);
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = Draw(random);
        return tensor(values, shape, dtype: ScalarType.Float32);
    }

    /// <summary>The elements of a tensor, widened.</summary>
    public static double[] Values(Tensor value)
    {
        using var scope = NewDisposeScope();
        return [.. value.detach().to_type(ScalarType.Float64).cpu().contiguous().data<double>()];
    }

    /// <summary>Largest absolute difference of two tensors of one shape.</summary>
    public static double Distance(Tensor left, Tensor right)
    {
        Assert.Equal(left.shape, right.shape);
        return Values(left).Zip(Values(right), (a, b) => Math.Abs(a - b)).Max();
    }

    private static float Draw(Random random) => (float)((random.NextDouble() - 0.5) * Math.Sqrt(12));

    /// <summary>Random weights, keyed by name: matrices that keep the size of what they multiply, norms about 1, small biases.</summary>
    internal sealed class SeededWeights(int seed) : IWeightSource
    {
        public bool Contains(string name) => true;

        public Tensor Load(string name, long[] shape, ScalarType dtype)
        {
            using var scope = NewDisposeScope();
            var random = new Random(unchecked((int)name.Aggregate(2166136261u + (uint)seed, (hash, c) => (hash ^ c) * 16777619u)));
            double centre = name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            double scale = shape.Length == 1 ? 0.1 : name.Contains("embed", StringComparison.Ordinal) ? 1 : 1 / Math.Sqrt(shape[^1]);
            float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(centre + scale * Draw(random));
            return tensor(values, shape, dtype: ScalarType.Float32).to_type(dtype).MoveToOuterDisposeScope();
        }
    }
}
