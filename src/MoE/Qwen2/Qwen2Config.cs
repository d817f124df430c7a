namespace E3Scale.MoE.Qwen2;

/// <summary>The config.json of <c>qwen2</c>. Field names and defaults: see README.md beside this file.</summary>
internal static class Qwen2Config
{
    private const int MaxPositions = 32_768;

    public static DecoderConfig Parse(ConfigReader config)
    {
        // The bias is part of the architecture; no field switches it.
        GroupedQueryAttentionConfig attention = GroupedQueryFields.Read(config, keyValueHeads: 32) with { Bias = true };
        RopeConfig rope = RopeFields.Read(config, attention.HeadDim, interleaved: false, MaxPositions);
        DecoderConfig model = DecoderFields.Read(config, "qwen2", attention, rope, MaxPositions);
        return model with { AttentionWindows = WindowFields.Read(config, model.LayerCount) };
    }
}
