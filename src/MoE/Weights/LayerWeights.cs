namespace E3Scale.MoE;

/// <summary>Which branch of its layer a weight belongs to, and what it does there.</summary>
public static class LayerWeights
{
    /// <summary>The branch that has the weight; its input norm counts with it.</summary>
    /// <param name="weight">Which weight of a layer.</param>
    public static LayerBranches BranchOf(this LayerWeight weight) => weight switch
    {
        LayerWeight.InputNorm or LayerWeight.AttentionOutputNorm or LayerWeight.QueryNorm or LayerWeight.KeyNorm
            or LayerWeight.Query or LayerWeight.Key or LayerWeight.Value
            or LayerWeight.QueryDown or LayerWeight.QueryLatentNorm or LayerWeight.QueryUp
            or LayerWeight.KeyValueDown or LayerWeight.KeyValueLatentNorm or LayerWeight.KeyValueUp
            or LayerWeight.AttentionOutput => LayerBranches.Attention,
        _ => LayerBranches.Mlp,
    };

    /// <summary>
    /// Whether what the branch adds to the residual stream is proportional to the weight and to the others of its branch of which this holds: all of
    /// them zero, or its norm zero, the branch adds nothing.
    /// </summary>
    /// <param name="weight">Which weight of a layer.</param>
    /// <param name="hasSandwichNorm">Whether branches end with a norm (<see cref="DecoderConfig.SandwichNorm"/>).</param>
    public static bool EndsBranch(this LayerWeight weight, bool hasSandwichNorm) => hasSandwichNorm
        ? weight is LayerWeight.AttentionOutputNorm or LayerWeight.MlpOutputNorm
        : weight is LayerWeight.AttentionOutput or LayerWeight.Down or LayerWeight.SharedDown or LayerWeight.ExpertDown;
}
