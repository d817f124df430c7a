using E3Scale.Pruner.Methods.ShortGpt;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Minitron;

/// <summary>How Minitron ranks layers.</summary>
public enum MinitronCriterion
{
    /// <summary>Block influence, one shot (arXiv 2407.14679; what E3-Pruner compares with).</summary>
    BlockInfluence,

    /// <summary>The contiguous block without which the next-token loss is least (after arXiv 2408.11796, which takes downstream accuracy).</summary>
    Contiguous,
}

/// <summary>Minitron's depth pruning: the layers of least block influence, or the best contiguous block. Its distillation is the common recovery.</summary>
/// <param name="criterion">How layers are ranked.</param>
public sealed class MinitronSelector(MinitronCriterion criterion = MinitronCriterion.BlockInfluence) : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => criterion == MinitronCriterion.Contiguous ? "minitron-contiguous" : "minitron";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) =>
        criterion == MinitronCriterion.Contiguous ? ContiguousSelection.Starts(layers, target).Length : 1;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) => criterion == MinitronCriterion.Contiguous
        ? ContiguousSelection.Run(probe, target, ProbeMetric.CrossEntropy)
        : new ShortGptSelector().Select(probe, target);
}
