using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.ShortGpt;

/// <summary>
/// ShortGPT (arXiv 2403.03853): drops the layers that turn the residual stream least, 1 - mean over tokens of cos(x_l, x_{l+1}). As published all
/// at once, by the scores of the whole model; iteratively, one at a time, measured anew each time.
/// </summary>
/// <param name="isIterative">Whether layers go one at a time.</param>
public sealed class ShortGptSelector(bool isIterative = false) : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => isIterative ? "shortgpt-iterative" : "shortgpt";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => isIterative ? target.Drop : 1;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) => isIterative
        ? GreedySelection.Run(probe.Layers, target, (isKept, layers) =>
        {
            double[] influence = probe.BlockInfluence(isKept);
            return [.. layers.Select(layer => influence[layer])];
        })
        : LayerSelection.BySmallest(probe.BlockInfluence(AllLayers.Kept(probe.Layers)), target);
}
