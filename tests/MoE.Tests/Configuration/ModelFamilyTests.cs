using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE.Tests.Configuration;

public sealed class ModelFamilyTests
{
    private const string Path = "/models/x/config.json";

    private static JsonObject DeepSeek() => JsonNode.Parse("""
        {"model_type": "deepseek_v3", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6,
         "num_attention_heads": 4, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8,
         "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "n_shared_experts": 1, "n_group": 4, "topk_group": 2,
         "first_k_dense_replace": 2, "moe_layer_freq": 1, "num_nextn_predict_layers": 1, "routed_scaling_factor": 2.5,
         "rms_norm_eps": 1e-06}
        """)!.AsObject();

    private static JsonObject Llama() => JsonNode.Parse("""
        {"model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4,
         "num_attention_heads": 4}
        """)!.AsObject();

    private static DecoderConfig Parse(JsonObject config) =>
        ModelFamilies.For(config, Path).ParseConfig(JsonSerializer.SerializeToElement(config), Path);

    private static string ErrorOf(JsonObject config) => Assert.Throws<CheckpointException>(() => Parse(config)).Message;

    [Fact]
    public void For_UnknownArchitecture_ListsTheKnownOnes()
    {
        string message = Assert.Throws<CheckpointException>(() => ModelFamilies.For("gpt_neox", Path)).Message;
        Assert.Contains(Path, message, StringComparison.Ordinal);
        Assert.Contains("'gpt_neox'", message, StringComparison.Ordinal);
        Assert.Contains("deepseek_v3, llama, mixtral", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"model_type": null}""")]
    [InlineData("""{"model_type": 3}""")]
    public void For_NoModelType_Throws(string json) =>
        Assert.Throws<CheckpointException>(() => ModelFamilies.For(JsonNode.Parse(json)!.AsObject(), Path));

    [Theory]
    [InlineData("vocab_size", "-1")]
    [InlineData("vocab_size", "0")]
    [InlineData("vocab_size", "1e30")]
    [InlineData("vocab_size", "1.5")]
    [InlineData("vocab_size", "\"100\"")]
    [InlineData("hidden_size", "4611686018427387904")]
    [InlineData("num_hidden_layers", "0")]
    [InlineData("num_hidden_layers", "1000000")]
    [InlineData("num_attention_heads", "null")]
    [InlineData("first_k_dense_replace", "null")]
    [InlineData("routed_scaling_factor", "null")]
    [InlineData("q_lora_rank", "0")]
    [InlineData("qk_rope_head_dim", "3")]
    [InlineData("num_experts_per_tok", "9")]
    [InlineData("num_experts_per_tok", "5")] // more than two groups of two hold
    [InlineData("n_group", "3")]
    [InlineData("n_group", "8")] // groups of one have no two best
    [InlineData("topk_group", "5")]
    [InlineData("n_shared_experts", "-1")]
    [InlineData("scoring_func", "\"tanh\"")]
    [InlineData("topk_method", "\"group_limited_greedy\"")]
    [InlineData("hidden_act", "\"gelu\"")]
    [InlineData("rms_norm_eps", "0")]
    [InlineData("rms_norm_eps", "1e999")]
    [InlineData("rope_theta", "-10000")]
    [InlineData("tie_word_embeddings", "1")]
    [InlineData("eos_token_id", "100")]
    [InlineData("eos_token_id", "[1, -1]")]
    [InlineData("rope_scaling", "\"yarn\"")]
    [InlineData("rope_scaling", """{"type": "linear", "factor": 2}""")]
    [InlineData("rope_scaling", """{"factor": 2}""")]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 0.5, "original_max_position_embeddings": 64}""")]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 2}""")]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 2, "original_max_position_embeddings": 64, "beta_fast": 1}""")]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 2, "original_max_position_embeddings": 64, "attention_factor": 1}""")]
    public void ParseConfig_DeepSeekFieldOutsideItsRange_NamesFileAndField(string field, string value)
    {
        JsonObject config = DeepSeek();
        config[field] = JsonNode.Parse(value);
        string message = ErrorOf(config);
        Assert.Contains(Path, message, StringComparison.Ordinal);
        Assert.Contains(field, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("num_key_value_heads", "3")]
    [InlineData("num_key_value_heads", "8")]
    [InlineData("num_attention_heads", "5")]
    [InlineData("head_dim", "7")]
    [InlineData("rope_scaling", """{"rope_type": "llama3", "factor": 8}""")]
    [InlineData("rope_scaling", """{"type": "linear", "factor": 2}""")]
    public void ParseConfig_LlamaFieldOutsideItsRange_NamesFileAndField(string field, string value)
    {
        JsonObject config = Llama();
        config[field] = JsonNode.Parse(value);
        string message = ErrorOf(config);
        Assert.Contains(Path, message, StringComparison.Ordinal);
        Assert.Contains(field, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParseConfig_RopeParameters_AreReadLikeRopeScaling()
    {
        JsonObject config = DeepSeek();
        config["rope_parameters"] = JsonNode.Parse("""
            {"rope_type": "yarn", "rope_theta": 5000, "factor": 40, "original_max_position_embeddings": 4096, "mscale": 1.0,
             "mscale_all_dim": 1.0}
            """);
        Assert.Equal(new RopeConfig(5000, 4, Interleaved: true, new YarnConfig(40, 4096, 32, 1, 1, 1)), Parse(config).Rope);
    }

    [Fact]
    public void ParseConfig_DefaultRopeParameters_ArePlainRope()
    {
        JsonObject config = Llama();
        config["rope_parameters"] = JsonNode.Parse("""{"rope_type": "default", "rope_theta": 500000.0}""");
        Assert.Equal(new RopeConfig(500000, 8, Interleaved: false), Parse(config).Rope);
    }

    [Fact]
    public void ParseConfig_NumLocalExperts_CountsAsRoutedExperts()
    {
        JsonObject config = DeepSeek();
        config.Remove("n_routed_experts");
        config["num_local_experts"] = 16;
        Assert.Equal(16, Parse(config).Moe!.RoutedExpertCount);
    }

    [Theory]
    [InlineData("null", 0)]
    [InlineData("0", 0)]
    [InlineData("3", 48)]
    public void ParseConfig_SharedExperts_AreOneWideMlp(string count, int expectedWidth)
    {
        JsonObject config = DeepSeek();
        config["n_shared_experts"] = JsonNode.Parse(count);
        Assert.Equal(expectedWidth, Parse(config).Moe!.SharedIntermediateSize);
    }

    [Fact]
    public void ParseConfig_ListOfEndTokens_TakesTheFirst()
    {
        JsonObject config = Llama();
        config["eos_token_id"] = JsonNode.Parse("[7, 9]");
        Assert.Equal(7, Parse(config).EosTokenId);
    }

    [Fact]
    public void ParseConfig_LlamaBiases_ReachAllProjections()
    {
        JsonObject config = Llama();
        config["attention_bias"] = true;
        config["mlp_bias"] = true;
        DecoderConfig parsed = Parse(config);
        Assert.Equal((true, true, true), (parsed.Attention.Bias, parsed.Attention.OutputBias, parsed.MlpBias));
    }

    [Fact]
    public void ParseConfig_MoeLayerFrequency_SpacesTheMixtures()
    {
        JsonObject config = DeepSeek();
        config["moe_layer_freq"] = 2;
        Assert.Equal([false, false, true, false, true, false], Parse(config).Moe!.LayerIsMoe);
    }

    [Fact]
    public void PruneConfig_DeepSeek_CountsTheDenseLayersKept()
    {
        JsonObject original = DeepSeek();
        JsonObject pruned = ModelFamilies.For(original, Path).PruneConfig(original, [0, 2, 4, 5]);
        Assert.Equal(4, pruned["num_hidden_layers"]!.GetValue<int>());
        Assert.Equal(1, pruned["first_k_dense_replace"]!.GetValue<int>());
        Assert.Equal(0, pruned["num_nextn_predict_layers"]!.GetValue<int>());
        Assert.Equal([false, true, true, true], Parse(pruned).Moe!.LayerIsMoe);
        Assert.Equal(6, original["num_hidden_layers"]!.GetValue<int>());
    }

    [Fact]
    public void PruneConfig_DeepSeekWithPrediction_KeepsCountAndListEntry()
    {
        JsonObject original = DeepSeek();
        original["mlp_layer_types"] = JsonNode.Parse("""["m0", "m1", "m2", "m3", "m4", "m5", "prediction"]""");
        JsonObject pruned = ModelFamilies.For(original, Path).PruneConfig(original, [0, 2, 5], keepsPrediction: true);
        Assert.Equal((3, 1), (pruned["num_hidden_layers"]!.GetValue<int>(), pruned["num_nextn_predict_layers"]!.GetValue<int>()));
        Assert.Equal("""["m0","m2","m5","prediction"]""", pruned["mlp_layer_types"]!.ToJsonString());

        pruned = ModelFamilies.For(original, Path).PruneConfig(original, [0, 2, 5]);
        Assert.Equal("""["m0","m2","m5"]""", pruned["mlp_layer_types"]!.ToJsonString());
    }

    [Fact]
    public void PruneConfig_EveryOtherField_StaysAsItWasWritten()
    {
        JsonObject original = DeepSeek();
        original["unknown_field"] = JsonNode.Parse("""{"a": [1.50, null]}""");
        JsonObject pruned = ModelFamilies.For(original, Path).PruneConfig(original, [0, 5]);
        Assert.Equal("1e-06", pruned["rms_norm_eps"]!.ToJsonString());
        Assert.Equal("""{"a":[1.50,null]}""", pruned["unknown_field"]!.ToJsonString());
    }

    [Fact]
    public void PruneConfig_SpacedMixtures_RewritesTheFrequency()
    {
        JsonObject original = DeepSeek();
        original["moe_layer_freq"] = 2;
        JsonObject pruned = ModelFamilies.For(original, Path).PruneConfig(original, [0, 1, 2, 4]);
        Assert.Equal([false, false, true, true], Parse(pruned).Moe!.LayerIsMoe);
    }

    [Fact]
    public void PruneConfig_DenseLayerAfterAMixture_Throws()
    {
        JsonObject original = DeepSeek();
        original["moe_layer_freq"] = 2;
        Assert.Throws<ArgumentException>(() => ModelFamilies.For(original, Path).PruneConfig(original, [0, 2, 3, 4]));
    }

    [Fact]
    public void PruneConfig_PerLayerLists_AreFiltered()
    {
        JsonObject original = Llama();
        original["layer_types"] = JsonNode.Parse("""["a", "b", "c", "d"]""");
        JsonObject pruned = ModelFamilies.For(original, Path).PruneConfig(original, [1, 3]);
        Assert.Equal("""["b","d"]""", pruned["layer_types"]!.ToJsonString());
    }

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 1, 0 })]
    [InlineData(new[] { 1, 1 })]
    [InlineData(new[] { -1 })]
    [InlineData(new[] { 0, 4 })]
    public void PruneConfig_ImpossibleLayers_Throws(int[] kept) =>
        Assert.Throws<ArgumentException>(() => ModelFamilies.For(Llama(), Path).PruneConfig(Llama(), kept));
}
