using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>What configs of the LLaMA line may ask for beyond the golden folders, against the same model written out in float64.</summary>
public sealed class DecoderVariantsTests
{
    private const int Positions = 12;

    // float32 sums of a model of four layers against float64.
    private const double Tolerance = 2e-5;

    [Theory]
    [InlineData("""{"attention_bias": true, "mlp_bias": true, "head_dim": 10}""")]
    [InlineData("""{"tie_word_embeddings": true, "num_key_value_heads": 4}""")]
    [InlineData("""{"model_type": "qwen2", "num_key_value_heads": 1}""")]
    [InlineData("""{"model_type": "qwen2", "tie_word_embeddings": true, "head_dim": 8, "sliding_window": 3, "use_sliding_window": false}""")]
    [InlineData("""{"model_type": "qwen3", "head_dim": 8, "attention_bias": true}""")]
    [InlineData("""{"model_type": "qwen3", "head_dim": 16, "tie_word_embeddings": true}""")]
    [InlineData("""{"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": null, "rope_theta": 10000.0}""")]
    [InlineData("""{"model_type": "mixtral", "num_experts": 3, "num_experts_per_tok": 1, "tie_word_embeddings": true, "rope_theta": 10000.0}""")]
    public void Logits_PlainRotation_AreThoseOfTheComposedModel(string changes)
    {
        JsonObject config = Config(changes);
        AssertSame(config, new ComposedDecoder(config, Weights(config)) { Frequencies = Plain(config) });
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 4.0}}""")]
    [InlineData("""{"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}}""")]
    [InlineData("""{"model_type": "qwen3", "head_dim": 8, "rope_scaling": {"rope_type": "linear", "factor": 4.0}}""")]
    public void Logits_LinearScaling_DividesTheFrequencies(string changes)
    {
        JsonObject config = Config(changes);
        AssertSame(config, new ComposedDecoder(config, Weights(config)) { Frequencies = [.. Plain(config).Select(frequency => frequency / 4)] });
    }

    [Theory]
    [InlineData(8, 12)] // longer than the context
    [InlineData(12, 12)]
    [InlineData(64, 12)]
    public void Logits_DynamicScaling_RaisesTheBaseBeyondTheContext(int context, int length)
    {
        JsonObject config = Config($$$"""{"max_position_embeddings": {{{context}}}, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}""");
        double growth = length > context ? Math.Pow(2.0 * length / context - 1, 6 / 4.0) : 1; // heads of 6
        AssertSame(config, new ComposedDecoder(config, Weights(config)) { Frequencies = Plain(config, 10_000 * growth) });
    }

    [Fact]
    public void Logits_DynamicScaling_ForgetsTheLongInput()
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(Config("""{"max_position_embeddings": 8, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}"""));
        double[] Logits(int positions) => SmallModel.Values(model.Logits(model.Forward(model.Embed(SmallModel.Ids(1, positions)))));

        double[] before = Logits(6);
        Logits(12);

        Assert.Equal(before, Logits(6));
    }

    [Fact]
    public void Logits_Llama3Scaling_StretchesLongWaves()
    {
        JsonObject config = Config("""
            {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
             "original_max_position_embeddings": 64}}
            """);
        double[] frequencies = Array.ConvertAll(Plain(config), frequency =>
        {
            double wave = 2 * Math.PI / frequency, smooth = (64 / wave - 1) / 3;
            return wave < 16 ? frequency : wave > 64 ? frequency / 8 : (1 - smooth) * frequency / 8 + smooth * frequency;
        });
        AssertSame(config, new ComposedDecoder(config, Weights(config)) { Frequencies = frequencies });
    }

    [Theory]
    [InlineData(""" "truncate": false, "attention_factor": 1.5 """, false, 1.5)]
    [InlineData(""" "mscale": 1.0, "mscale_all_dim": 1.0 """, true, 1)] // the softmax scale of grouped queries stays as it is
    [InlineData(""" "beta_fast": 32.0 """, true, 1.138629436)] // 0.1 ln 4 + 1
    public void Logits_Yarn_RampsBetweenTheFrequencies(string fields, bool truncates, double magnitude)
    {
        JsonObject config = Config($$$"""{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, {{{fields}}}}}""");
        double Correction(double rotations) => 6 * Math.Log(512 / (rotations * 2 * Math.PI)) / (2 * Math.Log(10_000));
        (double low, double high) = (Correction(32), Correction(1));
        (low, high) = truncates ? (Math.Max(Math.Floor(low), 0), Math.Min(Math.Ceiling(high), 5)) : (Math.Max(low, 0), Math.Min(high, 5));
        double[] frequencies = [.. Plain(config).Select((frequency, i) =>
        {
            double ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            return frequency * (1 - ramp) + frequency / 4 * ramp;
        })];
        AssertSame(config, new ComposedDecoder(config, Weights(config)) { Frequencies = frequencies, Magnitude = magnitude });
    }

    [Theory]
    [InlineData("""{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 3, "max_window_layers": 2}""", "0011")]
    [InlineData("""{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 3, "max_window_layers": 0}""", "1111")]
    [InlineData(
        """{"model_type": "qwen3", "use_sliding_window": true, "sliding_window": 3, "head_dim": 8, "layer_types": ["sliding_attention", """ +
        """ "full_attention", "sliding_attention", "full_attention"]}""", "1010")]
    [InlineData("""{"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 3, "rope_theta": 10000.0}""", "1111")]
    public void Logits_SlidingWindow_SeeTheNearestPositionsOnly(string changes, string windowed)
    {
        JsonObject config = Config(changes);
        AssertSame(config, new ComposedDecoder(config, Weights(config))
        {
            Frequencies = Plain(config),
            Window = layer => windowed[layer] == '1' ? 3 : int.MaxValue,
        });
    }

    private static void AssertSame(JsonObject config, ComposedDecoder expected)
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(config);
        var ids = SmallModel.Ids(1, Positions);
        double[] logits = SmallModel.Values(model.Logits(model.Forward(model.Embed(ids))));

        double[] composed = [.. expected.Logits([.. ids.data<long>()]).SelectMany(row => row)];
        Assert.Equal(composed.Length, logits.Length);
        Assert.Equal(0, composed.Zip(logits, (a, b) => Math.Abs(a - b)).Max(), Tolerance);
    }

    private static JsonObject Config(string changes)
    {
        JsonObject config = SmallModel.Llama();
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
            config[name] = value?.DeepClone();
        return config;
    }

    private static Dictionary<string, double[]> Weights(JsonObject config)
    {
        using Decoder model = SmallModel.Create(config);
        return model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => SmallModel.Values(parameter.Value), StringComparer.Ordinal);
    }

    private static double[] Plain(JsonObject config, double theta = 10_000)
    {
        int width = config["head_dim"]?.GetValue<int>() ?? config["hidden_size"]!.GetValue<int>() / config["num_attention_heads"]!.GetValue<int>();
        return [.. Enumerable.Range(0, width / 2).Select(i => Math.Pow(theta, -2.0 * i / width))];
    }
}
