using E3Scale.MoE;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Merging;

/// <summary>Which layers of which models can be merged.</summary>
/// <remarks>
/// Heads of latent attention share their latents, so those of two layers would need twice the latents; experts have a router that knows one
/// layer's only; and norms of a branch's output would see the sum of two halves, not each of them.
/// </remarks>
public static class MergeableModels
{
    /// <summary>Refuses a model that has no mergeable layers.</summary>
    /// <param name="config">The model.</param>
    /// <exception cref="StageInputException">It has latent attention, experts or norms of outputs.</exception>
    public static void Require(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        string? obstacle = config.Attention is not GroupedQueryAttentionConfig ? "latent attention"
            : config.Moe is not null ? "mixtures of experts"
            : config.SandwichNorm ? "norms behind attention and MLP"
            : null;
        if (obstacle is not null)
            throw new StageInputException(
                "concatenation merges layers of grouped-query attention and a dense MLP (LLaMA, Qwen2, Qwen3); " +
                $"{config.ModelType} has {obstacle}. Take another search.method and another compensation.");
    }

    /// <summary>Whether two layers attend to as many positions, so that heads of one may run in the other.</summary>
    /// <param name="config">The model.</param>
    /// <param name="first">0-based layer.</param>
    /// <param name="second">Another.</param>
    public static bool CanMerge(DecoderConfig config, int first, int second)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.AttentionWindow(first) == config.AttentionWindow(second);
    }
}
