using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Controls;

/// <summary>Layers at equal distances: n cuts, each in the middle of one of n equal parts of the layers that may go.</summary>
public sealed class UniformStrideSelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "uniform-stride";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => 0;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        int[] candidates = target.Candidates(probe.Layers);
        return LayerSelection.Of(
            Enumerable.Range(0, target.Drop).Select(i => candidates[(2 * i + 1) * candidates.Length / (2 * target.Drop)]), probe.Layers);
    }
}
