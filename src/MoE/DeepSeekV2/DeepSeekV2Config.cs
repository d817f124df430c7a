using System.Text.Json.Nodes;

namespace E3Scale.MoE.DeepSeekV2;

/// <summary>The config.json of <c>deepseek_v2</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class DeepSeekV2Config
{
    private const string DenseCount = "first_k_dense_replace";
    private const int MaxPositions = 2048;

    public static DecoderConfig Parse(ConfigReader config)
    {
        if (config.Flag("mlp_bias", defaultValue: false))
            throw config.Invalid("mlp_bias", "true; published models have no bias in their MLPs, and none is supported");
        bool bias = config.Flag("attention_bias", defaultValue: false);
        LatentAttentionConfig attention = LatentAttentionFields.Read(config, LatentAttentionFields.DeepSeek) with { Bias = bias, OutputBias = bias };
        RopeConfig rope = RopeFields.Read(config, attention.RopeHeadDim, interleaved: true, MaxPositions);
        DecoderConfig dense = DecoderFields.Read(config, "deepseek_v2", attention, rope, MaxPositions);
        return dense with { Moe = ParseMoe(config, dense.LayerCount) };
    }

    public static void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        DenseLayerFields.Rewrite(pruned, teacher, keptLayers, DenseCount);

    private static MoeConfig? ParseMoe(ConfigReader config, int layerCount)
    {
        if (config.OptionalInt("n_routed_experts", 1, ConfigReader.MaxCount) is not { } expertCount)
            return null;
        config.Choice("scoring_func", "softmax");
        int width = config.Int("moe_intermediate_size", 1, ConfigReader.MaxSize);
        bool limitsGroups = config.Choice("topk_method", "greedy", "group_limited_greedy") == "group_limited_greedy";
        bool normalizes = config.Flag("norm_topk_prob", defaultValue: false);
        MoeConfig moe = new()
        {
            LayerIsMoe = DenseLayerFields.ReadPattern(config, DenseCount, layerCount),
            RoutedExpertCount = expertCount,
            ExpertsPerToken = config.Int("num_experts_per_tok", 1, expertCount),
            ExpertIntermediateSize = width,
            SharedIntermediateSize = width * config.Int("n_shared_experts", 0, ConfigReader.MaxSize / width, defaultValue: 0),
            GroupCount = limitsGroups ? config.Int("n_group", 1, expertCount) : 1,
            GroupsPerToken = limitsGroups ? config.Int("topk_group", 1, expertCount) : 1,
            GroupScore = ExpertGroupScore.Best,
            Score = RouterScore.Softmax,
            NormalizeWeights = normalizes,
            // The published code either normalises or scales.
            RoutedScaling = normalizes ? 1 : config.Number("routed_scaling_factor", 0, 1e6, defaultValue: 1),
        };
        ExpertGroupFields.Check(config, moe);
        return moe;
    }
}
