using E3Scale.MoE;

namespace E3Scale.Sharding;

/// <summary>What a layer costs per token: multiply-adds of its active weights, and of the attention over half the context.</summary>
public static class LayerCost
{
    /// <summary>Multiply-adds of one token in one layer, in the branches that it has.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layer">Layer of the teacher.</param>
    /// <param name="context">Positions of a sequence.</param>
    public static double OfLayer(DecoderConfig config, int layer, int context)
    {
        ArgumentNullException.ThrowIfNull(config);
        double hidden = config.HiddenSize;
        double attention = config.Attention switch
        {
            LatentAttentionConfig a => Latent(a, hidden),
            GroupedQueryAttentionConfig a => hidden * a.HeadDim * (2.0 * a.HeadCount + 2.0 * a.KeyValueHeadCount),
            _ => throw new NotSupportedException(config.Attention.GetType().Name),
        };
        double cost = 0;
        if (config.BranchesOf(layer).HasFlag(LayerBranches.Attention))
            cost += attention + OfScores(config, context);
        if (!config.BranchesOf(layer).HasFlag(LayerBranches.Mlp))
            return cost;
        double width = config.IsMoeLayer(layer)
            ? (double)config.Moe!.ExpertsPerToken * config.Moe.ExpertIntermediateSize + config.Moe.SharedIntermediateSize
            : config.IntermediateSize;
        return cost + 3 * hidden * width;
    }

    /// <summary>Multiply-adds of one token with the keys and values before it: over half the context.</summary>
    /// <param name="config">The model.</param>
    /// <param name="context">Positions of a sequence.</param>
    public static double OfScores(DecoderConfig config, int context)
    {
        ArgumentNullException.ThrowIfNull(config);
        int widths = config.Attention switch
        {
            LatentAttentionConfig a => a.NopeHeadDim + a.RopeHeadDim + a.ValueHeadDim,
            GroupedQueryAttentionConfig a => 2 * a.HeadDim,
            _ => throw new NotSupportedException(config.Attention.GetType().Name),
        };
        return (double)config.Attention.HeadCount * widths * context / 2;
    }

    /// <summary>Multiply-adds of one token in the head.</summary>
    /// <param name="config">The model.</param>
    public static double OfHead(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (double)config.HiddenSize * config.VocabularySize;
    }

    private static double Latent(LatentAttentionConfig a, double hidden)
    {
        double keyDim = a.NopeHeadDim + a.RopeHeadDim;
        double query = a.QueryLoraRank is { } rank ? rank * (hidden + a.HeadCount * keyDim) : hidden * a.HeadCount * keyDim;
        double keyValue = hidden * (a.KeyValueLoraRank + a.RopeHeadDim) + (double)a.KeyValueLoraRank * a.HeadCount * (a.NopeHeadDim + a.ValueHeadDim);
        double output = hidden * a.HeadCount * a.ValueHeadDim;
        return query + keyValue + output;
    }
}
