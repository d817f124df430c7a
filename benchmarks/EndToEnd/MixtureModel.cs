using E3Scale.MoE;

namespace E3Scale.Benchmarks;

/// <summary>DeepSeek-V3's architecture in the sizes that a benchmark asks for: by default one dense layer, then mixtures of which a token visits two experts.</summary>
internal static class MixtureModel
{
    private const int Positions = 4096;

    /// <summary>The config.</summary>
    /// <param name="layers">Layers, the dense one included.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="attention">Latent attention.</param>
    /// <param name="denseWidth">Inner width of the dense layer.</param>
    /// <param name="experts">Routed experts.</param>
    /// <param name="expertWidth">Inner width of an expert, and of the shared one.</param>
    /// <param name="denseLayers">Layers without experts, the first ones.</param>
    /// <param name="expertsPerToken">Routed experts that a token visits.</param>
    /// <param name="groups">Groups of experts, and those of them that a token chooses from.</param>
    /// <param name="vocabulary">Size of the vocabulary.</param>
    public static DecoderConfig Of(
        int layers, int hidden, LatentAttentionConfig attention, int denseWidth, int experts, int expertWidth,
        int denseLayers = 1, int expertsPerToken = 2, (int Count, int PerToken)? groups = null, int vocabulary = 4096) => new()
        {
            ModelType = "deepseek_v3",
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            LayerCount = layers,
            IntermediateSize = denseWidth,
            RmsNormEpsilon = 1e-6,
            TieWordEmbeddings = false,
            MaxPositions = Positions,
            Rope = new RopeConfig(10000, attention.RopeHeadDim, Interleaved: true),
            Attention = attention,
            Moe = new MoeConfig
            {
                LayerIsMoe = [.. Enumerable.Range(0, layers).Select(layer => layer >= denseLayers)],
                RoutedExpertCount = experts,
                ExpertsPerToken = expertsPerToken,
                ExpertIntermediateSize = expertWidth,
                SharedIntermediateSize = expertWidth,
                GroupCount = groups?.Count ?? 4,
                GroupsPerToken = groups?.PerToken ?? 2,
                RoutedScaling = 2.5,
                HasCorrectionBias = true,
            },
        };
}
