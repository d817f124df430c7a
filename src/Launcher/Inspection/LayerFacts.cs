using E3Scale.MoE;

namespace E3Scale.Launcher.Inspection;

/// <summary>The layers of a model, in numbers and in words.</summary>
/// <param name="Count">Layers, those of multi-token prediction not counted.</param>
/// <param name="Dense">Numbers of the layers with a dense MLP.</param>
/// <param name="Mixtures">Numbers of the layers that are mixtures of experts.</param>
/// <param name="WithoutAttention">Numbers of the layers whose attention was pruned.</param>
/// <param name="WithoutMlp">Numbers of the layers whose MLP was pruned.</param>
/// <param name="Prediction">Layers of multi-token prediction behind them.</param>
/// <param name="Attention">Kind and sizes of the attention.</param>
/// <param name="DenseMlp">Sizes of a dense MLP; null when no layer has one.</param>
/// <param name="Experts">Sizes and routing of a mixture; null for a dense model.</param>
internal sealed record LayerFacts(
    int Count, IReadOnlyList<int> Dense, IReadOnlyList<int> Mixtures, IReadOnlyList<int> WithoutAttention, IReadOnlyList<int> WithoutMlp,
    int Prediction, string Attention, string? DenseMlp, string? Experts)
{
    /// <summary>Reads them off a config.</summary>
    public static LayerFacts Of(ArchitectureConfig model)
    {
        DecoderConfig config = model.Config;
        ILookup<bool, int> layers = Enumerable.Range(0, config.LayerCount).ToLookup(config.IsMoeLayer);
        return new LayerFacts(
            config.LayerCount, [.. layers[false]], [.. layers[true]],
            config.DroppedBranches.Attention, config.DroppedBranches.Mlp, model.PredictionLayerCount, Describe(config.Attention),
            layers[false].Any() ? $"width {config.IntermediateSize}" : null, config.Moe is { } moe ? Describe(moe) : null);
    }

    private static string Describe(AttentionConfig attention) => attention switch
    {
        LatentAttentionConfig latent =>
            $"multi-head latent: {latent.HeadCount} heads of {latent.NopeHeadDim} + {latent.RopeHeadDim} rotary, values of {latent.ValueHeadDim}, " +
            $"keys and values compressed to {latent.KeyValueLoraRank}, queries " + (latent.QueryLoraRank is { } rank ? $"to {rank}" : "not"),
        GroupedQueryAttentionConfig grouped =>
            (grouped.KeyValueHeadCount == grouped.HeadCount ? "multi-head" : "grouped-query") +
            $": {grouped.HeadCount} heads of {grouped.HeadDim}, {grouped.KeyValueHeadCount} of keys and values" +
            (grouped.Bias ? ", biases" : "") + (grouped.HasHeadNorms ? ", heads normalised" : ""),
        _ => attention.GetType().Name,
    };

    private static string Describe(MoeConfig moe) =>
        $"{moe.RoutedExpertCount} of width {moe.ExpertIntermediateSize}, {moe.ExpertsPerToken} per token by {(moe.Score == RouterScore.Sigmoid ? "sigmoid" : "softmax")}" +
        (moe.GroupCount > 1 ? $", from {moe.GroupsPerToken} of {moe.GroupCount} groups" : "") +
        (moe.HasCorrectionBias ? ", with a correction bias" : "") +
        (moe.SharedIntermediateSize > 0 ? $"; shared expert of width {moe.SharedIntermediateSize}" : "; no shared expert");
}
