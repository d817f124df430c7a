namespace E3Scale.MoE.Qwen3;

/// <summary>The config.json of <c>qwen3</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class Qwen3Config
{
    private const int MaxPositions = 32_768;

    public static DecoderConfig Parse(ConfigReader config) =>
        Parse(config, "qwen3", GroupedQueryFields.Read(config, keyValueHeads: 32, headWidth: 128));

    /// <summary>What Qwen3 and Qwen3-MoE share: all but the experts.</summary>
    public static DecoderConfig Parse(ConfigReader config, string modelType, GroupedQueryAttentionConfig heads)
    {
        bool bias = config.Flag("attention_bias", defaultValue: false);
        GroupedQueryAttentionConfig attention = heads with { Bias = bias, OutputBias = bias, HasHeadNorms = true };
        RopeConfig rope = RopeFields.Read(config, attention.HeadDim, interleaved: false, MaxPositions);
        DecoderConfig model = DecoderFields.Read(config, modelType, attention, rope, MaxPositions);
        return model with { AttentionWindows = WindowFields.Read(config, model.LayerCount) };
    }
}
