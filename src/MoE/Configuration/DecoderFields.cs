namespace E3Scale.MoE;

/// <summary>The fields that every architecture's config.json has under the same names.</summary>
internal static class DecoderFields
{
    /// <summary>A dense decoder without biases in its MLPs; a family adds what is its own.</summary>
    /// <param name="config">The whole config.</param>
    /// <param name="modelType">Hugging Face's model_type.</param>
    /// <param name="attention">Attention of every layer.</param>
    /// <param name="rope">Rotary position embedding.</param>
    /// <param name="maxPositions">max_position_embeddings where the config names none, in tokens.</param>
    /// <param name="epsilon">rms_norm_eps where the config names none.</param>
    /// <exception cref="CheckpointException">A field is missing, of the wrong type or outside its range.</exception>
    public static DecoderConfig Read(
        ConfigReader config, string modelType, AttentionConfig attention, RopeConfig rope, int maxPositions, double epsilon = 1e-6)
    {
        config.Choice("hidden_act", "silu");
        int layerCount = LayerCount(config);
        int vocabularySize = config.Int("vocab_size", 1, ConfigReader.MaxTokens);
        return new DecoderConfig
        {
            ModelType = modelType,
            VocabularySize = vocabularySize,
            HiddenSize = HiddenSize(config),
            LayerCount = layerCount,
            IntermediateSize = config.Int("intermediate_size", 1, ConfigReader.MaxSize),
            RmsNormEpsilon = config.Number("rms_norm_eps", double.Epsilon, 1, defaultValue: epsilon),
            TieWordEmbeddings = config.Flag("tie_word_embeddings", defaultValue: false),
            MaxPositions = MaxPositions(config, maxPositions),
            Rope = rope,
            Attention = attention,
            DroppedBranches = DroppedBranches.Read(config, layerCount),
            BosTokenId = config.FirstInt("bos_token_id", 0, vocabularySize - 1),
            EosTokenId = config.FirstInt("eos_token_id", 0, vocabularySize - 1),
        };
    }

    /// <summary>Width of the residual stream.</summary>
    public static int HiddenSize(ConfigReader config) => config.Int("hidden_size", 1, ConfigReader.MaxSize);

    /// <summary>Transformer layers, multi-token-prediction layers not counted.</summary>
    public static int LayerCount(ConfigReader config) => config.Int("num_hidden_layers", 1, ConfigReader.MaxCount);

    /// <summary>Longest context, in tokens.</summary>
    public static int MaxPositions(ConfigReader config, int defaultValue) =>
        config.Int("max_position_embeddings", 1, ConfigReader.MaxTokens, defaultValue);
}
