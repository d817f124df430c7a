namespace E3Scale.MoE;

/// <summary>The attention fields that models with grouped-query attention share.</summary>
internal static class GroupedQueryFields
{
    /// <summary>Heads and their width.</summary>
    /// <param name="config">The whole config.</param>
    /// <param name="keyValueHeads">num_key_value_heads where the config does not mention it; null for one for every query head.</param>
    /// <param name="headWidth">head_dim where the config names none; null for hidden_size / num_attention_heads.</param>
    /// <exception cref="CheckpointException">Heads do not divide, or a head cannot be rotated.</exception>
    public static GroupedQueryAttentionConfig Read(ConfigReader config, int? keyValueHeads = null, int? headWidth = null)
    {
        int hiddenSize = DecoderFields.HiddenSize(config);
        int headCount = config.Int("num_attention_heads", 1, ConfigReader.MaxSize);
        int unmentioned = config.Mentions("num_key_value_heads") ? headCount : keyValueHeads ?? headCount;
        int keyValueHeadCount = config.Int("num_key_value_heads", 1, headCount, defaultValue: unmentioned);
        if (headCount % keyValueHeadCount != 0)
            throw config.Invalid("num_key_value_heads", $"{keyValueHeadCount}, which does not divide {headCount} heads");
        if (!config.Has("head_dim") && headWidth is null && hiddenSize % headCount != 0)
            throw config.Invalid(
                "num_attention_heads", $"{headCount}, which does not divide hidden_size {hiddenSize}, and no head_dim is given");
        int headDim = config.Int("head_dim", 2, ConfigReader.MaxSize, defaultValue: headWidth ?? hiddenSize / headCount);
        if (headDim % 2 != 0)
            throw config.Invalid("head_dim", $"{headDim}, expected an even number");
        return new GroupedQueryAttentionConfig { HeadCount = headCount, KeyValueHeadCount = keyValueHeadCount, HeadDim = headDim };
    }
}
