namespace E3Scale.MoE;

/// <summary>Facts about <see cref="WeightKind"/>.</summary>
public static class WeightKinds
{
    /// <summary>
    /// Whether weights of a kind are the large matrices of the layers, which FP8 checkpoints store in 8 bits: projections of attention, MLPs and
    /// experts. Embedding, head, routers and norms are not.
    /// </summary>
    /// <param name="kind">The kind.</param>
    public static bool IsLayerMatrix(this WeightKind kind) =>
        kind is WeightKind.Attention or WeightKind.DenseMlp or WeightKind.RoutedExperts or WeightKind.SharedExperts;
}
