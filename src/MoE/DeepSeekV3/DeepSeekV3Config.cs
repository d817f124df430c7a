using System.Text.Json.Nodes;

namespace E3Scale.MoE.DeepSeekV3;

/// <summary>The config.json of <c>deepseek_v3</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class DeepSeekV3Config
{
    private const string DenseCount = "first_k_dense_replace";
    private const string PredictionLayers = "num_nextn_predict_layers";

    public static DecoderConfig Parse(ConfigReader config)
    {
        bool bias = config.Flag("attention_bias", defaultValue: false);
        LatentAttentionConfig attention = LatentAttentionFields.Read(config, LatentAttentionFields.DeepSeek) with { Bias = bias, OutputBias = bias };
        RopeConfig rope = RopeFields.Read(config, attention.RopeHeadDim, config.Flag("rope_interleave", defaultValue: true), "yarn");
        DecoderConfig dense = DecoderFields.Read(config, "deepseek_v3", attention, rope, maxPositions: 4096);
        return dense with { Moe = ParseMoe(config, dense.LayerCount) };
    }

    public static int PredictionLayerCount(ConfigReader config) => config.Int(PredictionLayers, 0, ConfigReader.MaxCount, defaultValue: 0);

    public static void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers) =>
        DenseLayerFields.Rewrite(pruned, teacher, keptLayers, DenseCount);

    // Without this, loaders take layer num_hidden_layers for a multi-token-prediction module, and would look for one.
    public static void DropPrediction(JsonObject pruned) => pruned[PredictionLayers] = 0;

    private static MoeConfig? ParseMoe(ConfigReader config, int layerCount)
    {
        string countField = config.Has("n_routed_experts") ? "n_routed_experts" : "num_local_experts";
        if (config.OptionalInt(countField, 1, ConfigReader.MaxCount) is not { } expertCount)
            return null;
        int expertWidth = config.Int("moe_intermediate_size", 1, ConfigReader.MaxSize);
        int sharedCount = config.Int("n_shared_experts", 0, ConfigReader.MaxCount, defaultValue: 0);
        if ((long)sharedCount * expertWidth > ConfigReader.MaxSize)
            throw config.Invalid("n_shared_experts", $"{sharedCount}, too many experts of width {expertWidth}");
        MoeConfig moe = new()
        {
            LayerIsMoe = DenseLayerFields.ReadPattern(config, DenseCount, layerCount),
            RoutedExpertCount = expertCount,
            ExpertsPerToken = config.Int("num_experts_per_tok", 1, expertCount),
            ExpertIntermediateSize = expertWidth,
            SharedIntermediateSize = sharedCount * expertWidth,
            GroupCount = config.Int("n_group", 1, expertCount, defaultValue: 1),
            GroupsPerToken = config.Int("topk_group", 1, expertCount, defaultValue: 1),
            Score = config.Choice("scoring_func", "sigmoid", "softmax") == "sigmoid" ? RouterScore.Sigmoid : RouterScore.Softmax,
            NormalizeWeights = config.Flag("norm_topk_prob", defaultValue: true),
            RoutedScaling = config.Number("routed_scaling_factor", 0, 1e6),
            HasCorrectionBias = config.Choice("topk_method", "noaux_tc", "greedy") == "noaux_tc",
        };
        ExpertGroupFields.Check(config, moe);
        if (moe.GroupCount > 1 && !moe.HasCorrectionBias)
            throw config.Invalid("topk_method", "'greedy', which has no groups; expected noaux_tc or n_group 1");
        return moe;
    }
}
