using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.ShortenedLlama;

/// <summary>Shortened-LLaMA's PPL criterion (arXiv 2402.02834): one shot, the layers whose single removal raises the perplexity least.</summary>
public sealed class PerplexitySelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "shortened-llama-ppl";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => target.Candidates(layers).Length;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) =>
        OneShotSelection.Run(probe, target, ProbeMetric.CrossEntropy);
}
