using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.IterativeTask;

/// <summary>
/// Iterative layer pruning by a task (Moslem, arXiv 2510.22763): SLEB's greedy loop, judged by how well the model that is left does what it is for.
/// The published metric is chrF++ of 200 translations; here it is whatever <see cref="ITaskMetric"/> the probe has.
/// </summary>
public sealed class IterativeTaskSelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "iterative-task";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target)
    {
        int candidates = target.Candidates(layers).Length;
        return Enumerable.Range(0, target.Drop).Sum(round => (long)candidates - round);
    }

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target) =>
        GreedySelection.Run(probe.Layers, target, (isKept, layers) => probe.LossWithoutEach(isKept, layers, ProbeMetric.Task));
}
