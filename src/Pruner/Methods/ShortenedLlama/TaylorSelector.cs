using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.ShortenedLlama;

/// <summary>
/// Shortened-LLaMA's Taylor criterion (arXiv 2402.02834): one shot, the layers whose weights times their gradients are smallest, |w dL/dw| summed over
/// matrices and norms. With the edge layers spared it is Taylor+, the published form.
/// </summary>
/// <param name="sparesEdges">Whether the first four and the last two layers go last.</param>
public sealed class TaylorSelector(bool sparesEdges = true) : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "shortened-llama-taylor";

    /// <inheritdoc/>
    public bool NeedsGradients => true;

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => 1;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        target.Candidates(probe.Layers); // refuses before anything is measured
        double[] scores = probe.Weights.Taylor();
        return sparesEdges ? EdgeLayers.Spare(scores, target) : LayerSelection.BySmallest(scores, target);
    }
}
