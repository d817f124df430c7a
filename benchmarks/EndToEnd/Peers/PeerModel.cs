using E3Scale.MoE;

namespace E3Scale.Benchmarks.Peers;

/// <summary>A model of the peers: DeepSeek-V3's architecture, every layer a mixture.</summary>
/// <param name="Name">What the peers call it.</param>
/// <param name="Config">Its sizes, those of CONFIGS in peer_model.py.</param>
/// <param name="Sequences">Of a step.</param>
/// <param name="Positions">Of a sequence.</param>
internal sealed record PeerModel(string Name, DecoderConfig Config, int Sequences, int Positions)
{
    /// <summary>Many small operations: 16 layers of width 256.</summary>
    public static PeerModel Tiny { get; } = new(
        "tiny",
        Mixture(
            layers: 16, hidden: 256, vocabulary: 4096, experts: 16, groups: 4, groupsPerToken: 2, expertWidth: 128, denseWidth: 640,
            new() { HeadCount = 4, QueryLoraRank = 128, KeyValueLoraRank = 64, NopeHeadDim = 48, RopeHeadDim = 16, ValueHeadDim = 64 }),
        Sequences: 8, Positions: 256);

    /// <summary>Few larger ones: 4 layers of width 1,024, a vocabulary of 32,000.</summary>
    public static PeerModel Wide { get; } = new(
        "wide",
        Mixture(
            layers: 4, hidden: 1024, vocabulary: 32000, experts: 32, groups: 8, groupsPerToken: 4, expertWidth: 512, denseWidth: 2560,
            new() { HeadCount = 8, QueryLoraRank = 384, KeyValueLoraRank = 128, NopeHeadDim = 64, RopeHeadDim = 32, ValueHeadDim = 128 }),
        Sequences: 2, Positions: 512);

    /// <summary>A model by its name.</summary>
    /// <param name="name">tiny or wide.</param>
    public static PeerModel Of(string name) => name == Tiny.Name ? Tiny : Wide;

    private static DecoderConfig Mixture(
        int layers, int hidden, int vocabulary, int experts, int groups, int groupsPerToken, int expertWidth, int denseWidth, LatentAttentionConfig attention) => new()
        {
            ModelType = "deepseek_v3",
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            LayerCount = layers,
            IntermediateSize = denseWidth,
            RmsNormEpsilon = 1e-6,
            TieWordEmbeddings = false,
            MaxPositions = 4096,
            Rope = new RopeConfig(10000, attention.RopeHeadDim, Interleaved: true),
            Attention = attention,
            Moe = new MoeConfig
            {
                LayerIsMoe = [.. Enumerable.Repeat(true, layers)],
                RoutedExpertCount = experts,
                ExpertsPerToken = 4,
                ExpertIntermediateSize = expertWidth,
                SharedIntermediateSize = expertWidth,
                GroupCount = groups,
                GroupsPerToken = groupsPerToken,
                RoutedScaling = 2.5,
                HasCorrectionBias = true,
            },
        };
}
