using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Sleb;

/// <summary>
/// SLEB (arXiv 2402.09025): greedily removes the layer without which the language-model loss on the calibration text is least, and measures anew
/// after each. By divergence from the teacher instead of the loss it does not follow the calibration text's own quirks.
/// </summary>
/// <param name="metric">The judge; published: the loss.</param>
public sealed class SlebSelector(ProbeMetric metric = ProbeMetric.CrossEntropy) : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => metric == ProbeMetric.Kl ? "sleb-kl" : "sleb";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target)
    {
        int candidates = target.Candidates(layers).Length;
        return Enumerable.Range(0, target.Drop).Sum(round => (long)candidates - round);
    }

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) =>
        GreedySelection.Run(probe.Layers, target, (isKept, layers) => probe.LossWithoutEach(isKept, layers, metric));
}
