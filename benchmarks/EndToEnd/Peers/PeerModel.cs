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
        MixtureModel.Of(
            layers: 16, hidden: 256, new() { HeadCount = 4, QueryLoraRank = 128, KeyValueLoraRank = 64, NopeHeadDim = 48, RopeHeadDim = 16, ValueHeadDim = 64 },
            denseWidth: 640, experts: 16, expertWidth: 128, denseLayers: 0, expertsPerToken: 4),
        Sequences: 8, Positions: 256);

    /// <summary>Few larger ones: 4 layers of width 1,024, a vocabulary of 32,000.</summary>
    public static PeerModel Wide { get; } = new(
        "wide",
        MixtureModel.Of(
            layers: 4, hidden: 1024, new() { HeadCount = 8, QueryLoraRank = 384, KeyValueLoraRank = 128, NopeHeadDim = 64, RopeHeadDim = 32, ValueHeadDim = 128 },
            denseWidth: 2560, experts: 32, expertWidth: 512, denseLayers: 0, expertsPerToken: 4, groups: (8, 4), vocabulary: 32000),
        Sequences: 2, Positions: 512);

    /// <summary>A model by its name.</summary>
    /// <param name="name">tiny or wide.</param>
    public static PeerModel Of(string name) => name == Tiny.Name ? Tiny : Wide;
}
