using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Clp;

/// <summary>
/// CLP's contiguous cut (arXiv 2510.23652): one segment whose absence changes the output least, KL(teacher || cut). The published search slides a
/// differentiable gate over the layers; with the number of layers given there are so few places that all of them are tried instead, which is
/// the optimum that the gate looks for.
/// </summary>
public sealed class ClpSelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "clp";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => ContiguousSelection.Starts(layers, target).Length;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) => ContiguousSelection.Run(probe, target, ProbeMetric.Kl);
}
