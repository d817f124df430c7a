using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.LeaveOneOut;

/// <summary>
/// The starting point of E3-Pruner's search taken for its end (arXiv 2511.17205, section 3.2): one shot, the layers whose single removal moves the
/// teacher's distribution least. What the search adds is the difference from this.
/// </summary>
public sealed class LeaveOneOutSelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "leave-one-out";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => target.Candidates(layers).Length;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) => OneShotSelection.Run(probe, target, ProbeMetric.Kl);
}
