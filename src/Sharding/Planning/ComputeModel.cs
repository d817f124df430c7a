using E3Scale.MoE;

namespace E3Scale.Sharding.Planning;

/// <summary>Floating-point operations of one micro-batch, from the multiply-adds of <see cref="LayerCost"/>.</summary>
/// <param name="config">The model.</param>
/// <param name="workload">The run.</param>
public sealed class ComputeModel(DecoderConfig config, PlanWorkload workload)
{
    private const double FlopsPerMultiplyAdd = 2;
    private readonly double _perToken = FlopsPerMultiplyAdd * workload.MicroBatchTokens;

    /// <summary>A layer forward.</summary>
    /// <param name="layer">0-based layer.</param>
    public double Forward(int layer) => _perToken * (Weights(layer) + Scores(layer) + Adapters(layer));

    /// <summary>A layer's gradients of its input; the forward pass again where it is recomputed.</summary>
    /// <param name="layer">0-based layer.</param>
    public double BackwardInput(int layer) =>
        _perToken * (Weights(layer) + 2 * Scores(layer) + Adapters(layer)) + (workload.Recompute ? Forward(layer) : 0);

    /// <summary>A layer's gradients of what is trained.</summary>
    /// <param name="layer">0-based layer.</param>
    public double BackwardWeight(int layer) => _perToken * (workload.Lora is null ? Weights(layer) : Adapters(layer));

    /// <summary>The head forward, for the logits that the loss needs.</summary>
    public double Head => _perToken * (workload.LogitsPerPosition is { } chosen ? (double)chosen * config.HiddenSize : LayerCost.OfHead(config));

    /// <summary>The head forward for all logits.</summary>
    public double WholeHead => _perToken * LayerCost.OfHead(config);

    // LayerCost counts the half that causality leaves; the attention here multiplies the whole square and masks it.
    private double Scores(int layer) =>
        config.BranchesOf(layer).HasFlag(LayerBranches.Attention) ? 2 * LayerCost.OfScores(config, workload.SequenceLength) : 0;

    private double Weights(int layer) => LayerCost.OfLayer(config, layer, context: 0);

    private double Adapters(int layer)
    {
        if (workload.Lora is not { } lora)
            return 0;
        int perToken = config.Moe?.ExpertsPerToken ?? 0;
        return DecoderWeights.OfLayer(config, layer)
            .Where(weight => weight.Expert < perToken && weight.Shape.Count == 2 && workload.HasAdapter(weight.Kind))
            .Sum(weight => lora.Rank * (double)(weight.Shape[0] + weight.Shape[1]));
    }
}
