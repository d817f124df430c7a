namespace E3Scale.MoE.Mixtral;

/// <summary>The config.json of <c>mixtral</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class MixtralConfig
{
    private const int MaxPositions = 131_072;

    public static DecoderConfig Parse(ConfigReader config)
    {
        GroupedQueryAttentionConfig attention = GroupedQueryFields.Read(config, keyValueHeads: 8);
        RopeConfig rope = RopeFields.Read(config, attention.HeadDim, interleaved: false, MaxPositions, theta: 1e6);
        DecoderConfig dense = DecoderFields.Read(config, "mixtral", attention, rope, MaxPositions, epsilon: 1e-5);
        int expertCount = config.Int(config.Has("num_experts") ? "num_experts" : "num_local_experts", 1, ConfigReader.MaxCount);
        return dense with
        {
            AttentionWindows = WindowFields.ReadForAllLayers(config, dense.LayerCount),
            Moe = new MoeConfig
            {
                LayerIsMoe = [.. Enumerable.Repeat(true, dense.LayerCount)],
                RoutedExpertCount = expertCount,
                ExpertsPerToken = config.Int("num_experts_per_tok", 1, expertCount),
                ExpertIntermediateSize = dense.IntermediateSize,
                Score = RouterScore.Softmax,
            },
        };
    }
}
