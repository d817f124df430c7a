using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.ShortenedLlama;

/// <summary>
/// Shortened-LLaMA's magnitude criterion (arXiv 2402.02834): one shot, the layers with the smallest weights, |w| summed over matrices and norms. With
/// the edge layers spared it is Magnitude+, the published form. It looks at no text.
/// </summary>
/// <param name="sparesEdges">Whether the first four and the last two layers go last.</param>
public sealed class MagnitudeSelector(bool sparesEdges = true) : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "shortened-llama-magnitude";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => 0;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        target.Candidates(probe.Layers); // refuses before anything is measured
        double[] scores = probe.Weights.Magnitude();
        return sparesEdges ? EdgeLayers.Spare(scores, target) : LayerSelection.BySmallest(scores, target);
    }
}
