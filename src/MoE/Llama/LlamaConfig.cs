namespace E3Scale.MoE.Llama;

/// <summary>The config.json of <c>llama</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class LlamaConfig
{
    private const int MaxPositions = 2048;

    public static DecoderConfig Parse(ConfigReader config)
    {
        // One switch for all four projections, the output projection included.
        bool bias = config.Flag("attention_bias", defaultValue: false);
        GroupedQueryAttentionConfig attention = GroupedQueryFields.Read(config) with { Bias = bias, OutputBias = bias };
        RopeConfig rope = RopeFields.Read(config, attention.HeadDim, interleaved: false, MaxPositions);
        return DecoderFields.Read(config, "llama", attention, rope, MaxPositions) with { MlpBias = config.Flag("mlp_bias", defaultValue: false) };
    }
}
