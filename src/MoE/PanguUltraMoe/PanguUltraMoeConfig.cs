using System.Text.Json.Nodes;

namespace E3Scale.MoE.PanguUltraMoe;

/// <summary>The config.json of <c>pangu_ultra_moe</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class PanguUltraMoeConfig
{
    // The published config and later ports spell the same things differently; what was read is what is written back.
    private static readonly string[] DenseCounts = ["num_dense_layers", "first_k_dense_replace"];
    private static readonly string[] PredictionLayers = ["num_mtp_layers", "num_nextn_predict_layers"];

    private static readonly LatentAttentionFields OwnAttention = new(
        "attention_q_lora_dim", "attention_kv_lora_dim", "attention_qk_dim", "attention_qk_rope_dim", "attention_v_dim");

    public static DecoderConfig Parse(ConfigReader config)
    {
        if (!config.Flag("sandwich_norm", defaultValue: true))
            throw config.Invalid("sandwich_norm", "false; only the architecture with sandwich norms is supported");
        LatentAttentionConfig attention = LatentAttentionFields.Read(
            config, config.Has(OwnAttention.KeyValueLoraRank) ? OwnAttention : LatentAttentionFields.DeepSeek);
        RopeConfig rope = RopeFields.Read(config, attention.RopeHeadDim, config.Flag("rope_interleave", defaultValue: true));
        DecoderConfig dense = DecoderFields.Read(config, "pangu_ultra_moe", attention, rope, maxPositions: 131_072, epsilon: 1e-5);
        return dense with { SandwichNorm = true, Moe = ParseMoe(config, dense.LayerCount) };
    }

    public static int PredictionLayerCount(ConfigReader config) =>
        config.Int(Spelling(config, PredictionLayers), 0, ConfigReader.MaxCount, defaultValue: 0);

    public static void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        DenseLayerFields.Rewrite(pruned, teacher, keptLayers, DenseCounts.FirstOrDefault(name => pruned[name] is not null) ?? DenseCounts[0]);

    // Without this, loaders take layer num_hidden_layers for a multi-token-prediction module, and would look for one.
    public static void DropPrediction(JsonObject pruned)
    {
        foreach (string field in PredictionLayers.Where(pruned.ContainsKey))
            pruned[field] = 0;
    }

    private static MoeConfig ParseMoe(ConfigReader config, int layerCount)
    {
        int expertCount = config.Int(Spelling(config, "num_routed_experts", "n_routed_experts"), 1, ConfigReader.MaxCount);
        int width = config.Int("moe_intermediate_size", 1, ConfigReader.MaxSize);
        return new MoeConfig
        {
            LayerIsMoe = DenseLayerFields.ReadPattern(config, Spelling(config, DenseCounts), layerCount),
            RoutedExpertCount = expertCount,
            ExpertsPerToken = config.Int("num_experts_per_tok", 1, expertCount),
            ExpertIntermediateSize = width,
            SharedIntermediateSize =
                width * config.Int(Spelling(config, "num_shared_experts", "n_shared_experts"), 0, ConfigReader.MaxSize / width, defaultValue: 0),
            NormalizeWeights = config.Flag("norm_topk_prob", defaultValue: true),
            RoutedScaling = config.Number("routed_scaling_factor", 0, 1e6),
            HasCorrectionBias = config.Flag("router_enable_expert_bias", defaultValue: false),
        };
    }

    /// <summary>The spelling that the config has, or the first one.</summary>
    private static string Spelling(ConfigReader config, params string[] spellings) => spellings.FirstOrDefault(config.Has) ?? spellings[0];
}
