using E3Scale.MoE;
using E3Scale.Sharding.Planning;

namespace E3Scale.Launcher.Inspection;

/// <summary>Parameters of a kind.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Total">All of them.</param>
/// <param name="Active">Those that one token is multiplied with; of the embedding it only reads a row.</param>
internal sealed record ParameterFacts(WeightKind Kind, long Total, long Active)
{
    /// <summary>All kinds that a model has.</summary>
    public static IReadOnlyList<ParameterFacts> Of(DecoderConfig config)
    {
        ParameterCounts counts = ParameterCounts.Of(config, DecoderPart.Whole(config), new PlanWorkload());
        return [.. Enum.GetValues<WeightKind>().Where(kind => counts[kind] > 0).Select(kind => new ParameterFacts(kind, counts[kind], kind switch
        {
            WeightKind.RoutedExperts => counts[kind] / config.Moe!.RoutedExpertCount * config.Moe.ExpertsPerToken,
            WeightKind.Embedding when !config.TieWordEmbeddings => 0,
            _ => counts[kind],
        }))];
    }
}
