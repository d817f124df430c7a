using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Configuration;

/// <summary>What sets Qwen, Mixtral, DeepSeek-V2 and openPangu apart, when read and when pruned.</summary>
public sealed class OtherFamiliesTests
{
    private const string Path = "/models/x/config.json";

    private static JsonObject Qwen2() => Parse("""
        {"model_type": "qwen2", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4,
         "num_key_value_heads": 2, "max_window_layers": 4, "sliding_window": 4096, "use_sliding_window": false}
        """);

    private static JsonObject Qwen3Moe() => Parse("""
        {"model_type": "qwen3_moe", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4,
         "head_dim": 16, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": true,
         "decoder_sparse_step": 2, "mlp_only_layers": [3]}
        """);

    private static JsonObject DeepSeekV2() => Parse("""
        {"model_type": "deepseek_v2", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4,
         "q_lora_rank": null, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "first_k_dense_replace": 1,
         "n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 16, "n_group": 4, "topk_group": 2,
         "topk_method": "group_limited_greedy", "scoring_func": "softmax", "norm_topk_prob": false, "routed_scaling_factor": 16.0}
        """);

    private static JsonObject Pangu() => Parse("""
        {"model_type": "pangu_ultra_moe", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 6,
         "num_attention_heads": 4, "attention_q_lora_dim": 24, "attention_kv_lora_dim": 16, "attention_qk_dim": 8, "attention_qk_rope_dim": 4,
         "attention_v_dim": 6, "num_dense_layers": 2, "num_routed_experts": 8, "num_shared_experts": 1, "num_experts_per_tok": 3,
         "moe_intermediate_size": 16, "routed_scaling_factor": 2.5, "num_mtp_layers": 1, "sandwich_norm": true}
        """);

    [Fact]
    public void ParseConfig_Qwen2_HasBiasOnAllButTheOutput()
    {
        DecoderConfig config = Read(Qwen2());
        Assert.Equal((true, false), (config.Attention.Bias, config.Attention.OutputBias));
        Assert.False(((GroupedQueryAttentionConfig)config.Attention).HasHeadNorms);
    }

    [Fact]
    public void ParseConfig_WindowThatReachesALayer_IsRefused()
    {
        JsonObject config = Qwen2();
        config["use_sliding_window"] = true;
        Assert.Contains("use_sliding_window", Error(config), StringComparison.Ordinal);
        config["max_window_layers"] = 6; // no layer is that high
        Assert.Equal(6, Read(config).LayerCount);
        config["layer_types"] = Parse("""{"x": ["full_attention", "sliding_attention"]}""")["x"]!.DeepClone();
        Assert.Contains("sliding_attention", Error(config), StringComparison.Ordinal);
    }

    [Fact]
    public void PruneConfig_WindowLayers_CountsTheKeptOnes()
    {
        Assert.Equal(2, Prune(Qwen2(), 0, 3, 4, 5)["max_window_layers"]!.GetValue<int>());
    }

    [Fact]
    public void ParseConfig_Qwen3Moe_SpacesTheMixtures()
    {
        DecoderConfig config = Read(Qwen3Moe());
        Assert.Equal([false, true, false, false, false, true], config.Moe!.LayerIsMoe);
        Assert.Equal((RouterScore.Softmax, true, 1.0, 0), (config.Moe.Score, config.Moe.NormalizeWeights, config.Moe.RoutedScaling, config.Moe.SharedIntermediateSize));
        Assert.True(((GroupedQueryAttentionConfig)config.Attention).HasHeadNorms);
    }

    [Fact]
    public void PruneConfig_Qwen3Moe_ListsTheDenseLayersThatAreLeft()
    {
        JsonObject pruned = Prune(Qwen3Moe(), 0, 2, 4, 5);
        Assert.Equal("[0,1,2]", pruned["mlp_only_layers"]!.ToJsonString());
        Assert.Equal([false, false, false, true], Read(pruned).Moe!.LayerIsMoe);
        Assert.Equal("[3]", Prune(Qwen3Moe(), 0, 1, 2, 3, 4, 5)["mlp_only_layers"]!.ToJsonString()); // nothing goes, nothing changes
    }

    [Fact]
    public void ParseConfig_DeepSeekV2_RoutesByTheBestOfAGroup()
    {
        MoeConfig moe = Read(DeepSeekV2()).Moe!;
        Assert.Equal((ExpertGroupScore.Best, RouterScore.Softmax, 4, 2), (moe.GroupScore, moe.Score, moe.GroupCount, moe.GroupsPerToken));
        Assert.Equal((false, 16.0, 32), (moe.NormalizeWeights, moe.RoutedScaling, moe.SharedIntermediateSize));

        JsonObject lite = DeepSeekV2();
        lite["topk_method"] = "greedy";
        Assert.Equal((1, 1), (Read(lite).Moe!.GroupCount, Read(lite).Moe!.GroupsPerToken));

        // Weights are divided by their sum or scaled, never both.
        lite["norm_topk_prob"] = true;
        Assert.Equal((true, 1.0), (Read(lite).Moe!.NormalizeWeights, Read(lite).Moe!.RoutedScaling));
    }

    [Fact]
    public void ParseConfig_Pangu_ReadsBothSpellings()
    {
        JsonObject other = Pangu();
        foreach (var (name, otherName) in new[]
        {
            ("attention_q_lora_dim", "q_lora_rank"), ("attention_kv_lora_dim", "kv_lora_rank"), ("attention_qk_dim", "qk_nope_head_dim"),
            ("attention_qk_rope_dim", "qk_rope_head_dim"), ("attention_v_dim", "v_head_dim"), ("num_dense_layers", "first_k_dense_replace"),
            ("num_routed_experts", "n_routed_experts"), ("num_shared_experts", "n_shared_experts"), ("num_mtp_layers", "num_nextn_predict_layers"),
        })
        {
            other[otherName] = other[name]!.DeepClone();
            other.Remove(name);
        }
        DecoderConfig config = Read(Pangu()), same = Read(other);
        Assert.Equal(config.Attention, same.Attention);
        Assert.Equal(config.Moe!.LayerIsMoe, same.Moe!.LayerIsMoe);
        Assert.Equal(config.Moe with { LayerIsMoe = [] }, same.Moe with { LayerIsMoe = [] });
        Assert.True(config.SandwichNorm);

        Assert.Equal(1, Prune(Pangu(), 0, 3, 4)["num_dense_layers"]!.GetValue<int>());
        Assert.Equal(0, Prune(Pangu(), 0, 3, 4)["num_mtp_layers"]!.GetValue<int>());
        JsonObject pruned = Prune(other, 0, 3, 4);
        Assert.Equal((1, 0), (pruned["first_k_dense_replace"]!.GetValue<int>(), pruned["num_nextn_predict_layers"]!.GetValue<int>()));
        Assert.False(pruned.ContainsKey("num_dense_layers"));
    }

    [Fact]
    public void PruneConfig_PanguWithPrediction_KeepsItsCount()
    {
        JsonObject pruned = ModelFamilies.For(Pangu(), Path).PruneConfig(Pangu(), [0, 3, 4], keepsPrediction: true);
        Assert.Equal((3, 1), (pruned["num_hidden_layers"]!.GetValue<int>(), pruned["num_mtp_layers"]!.GetValue<int>()));
    }

    [Fact]
    public void PruneConfig_DeepSeekV2_CountsTheDenseLayersKept()
    {
        JsonObject pruned = Prune(DeepSeekV2(), 1, 2, 5);
        Assert.Equal(0, pruned["first_k_dense_replace"]!.GetValue<int>());
        Assert.Equal([true, true, true], Read(pruned).Moe!.LayerIsMoe);
    }

    [Fact]
    public void PruneConfig_ModulesThatAreNotQuantised_AreRenumbered()
    {
        JsonObject config = Qwen3Moe();
        config["quantization_config"] = JsonNode.Parse("""
            {"quant_method": "fp8", "weight_block_size": [128, 128], "modules_to_not_convert":
             ["lm_head", "model.layers.0.mlp.gate", "model.layers.1.mlp.gate", "model.layers.5.mlp.gate", "model.layers.5", "model.layers.3"]}
            """);
        Assert.Equal(
            """["lm_head","model.layers.0.mlp.gate","model.layers.2.mlp.gate","model.layers.2"]""",
            Prune(config, 0, 2, 5)["quantization_config"]!["modules_to_not_convert"]!.ToJsonString());
    }

    [SkippableTheory]
    [InlineData("llama2_gqa")]
    [InlineData("mixtral")]
    [InlineData("qwen3_untied")]
    public void PruneConfig_FamilyWithoutFieldsThatSpeakOfLayers_ChangesTheirNumberAlone(string folder)
    {
        JsonObject config = Parse(File.ReadAllText(System.IO.Path.Combine(SharedData.Require("golden", folder), "config.json")));
        JsonObject pruned = Prune(config, 0, 2, 4);
        config["num_hidden_layers"] = 3;
        if (config.ContainsKey("max_window_layers"))
            config["max_window_layers"] = 3;
        Assert.True(JsonNode.DeepEquals(config, pruned), pruned.ToJsonString());
    }

    [SkippableTheory]
    [InlineData("mixtral", "sliding_window", "4096")]
    [InlineData("mixtral", "num_experts_per_tok", "9")]
    [InlineData("qwen3moe_mixed", "decoder_sparse_step", "0")]
    [InlineData("qwen3moe_mixed", "mlp_only_layers", "3")]
    [InlineData("qwen3moe_mixed", "mlp_only_layers", "[-1]")]
    [InlineData("qwen25_untied", "num_key_value_heads", "3")]
    [InlineData("qwen3_untied", "head_dim", "7")]
    [InlineData("qwen3_untied", "layer_types", "[1]")]
    [InlineData("qwen3_untied", "rope_scaling", """{"rope_type": "longrope", "factor": 4}""")]
    [InlineData("pangu_sandwich", "sandwich_norm", "false")]
    [InlineData("pangu_sandwich", "attention_qk_rope_dim", "3")]
    public void ParseConfig_FieldOutsideItsRange_NamesFileAndField(string folder, string field, string value)
    {
        JsonObject config = Parse(File.ReadAllText(System.IO.Path.Combine(SharedData.Require("golden", folder), "config.json")));
        config[field] = JsonNode.Parse(value);
        string message = Error(config);
        Assert.Contains(Path, message, StringComparison.Ordinal);
        Assert.Contains(field, message, StringComparison.Ordinal);
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static DecoderConfig Read(JsonObject config) =>
        ModelFamilies.For(config, Path).ParseConfig(JsonSerializer.SerializeToElement(config), Path);

    private static JsonObject Prune(JsonObject config, params int[] kept) => ModelFamilies.For(config, Path).PruneConfig(config, kept);

    private static string Error(JsonObject config) => Assert.Throws<CheckpointException>(() => Read(config)).Message;
}
