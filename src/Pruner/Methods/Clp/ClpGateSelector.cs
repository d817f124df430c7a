using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Clp;

/// <summary>
/// CLP as published (arXiv 2510.23652): a differentiable gate over a segment of layers slides to where KL(teacher || gated) is least, its sides ever
/// steeper, and is rounded. It follows slopes from the middle of the model, so that it may stop at a place that is best only among its neighbours;
/// <see cref="ClpSelector"/> tries every place.
/// </summary>
/// <param name="options">Steps and slopes.</param>
public sealed class ClpGateSelector(ClpGateOptions options) : ILayerSelector
{
    // Adam moves by about its learning rate: this many times the range of places, over all steps of a rate that falls to 0.
    private const double Travel = 2;

    /// <inheritdoc/>
    public string Name => "clp-gate";

    /// <inheritdoc/>
    public bool NeedsGradients => true;

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => options.Steps;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        int[] starts = ContiguousSelection.Starts(probe.Layers, target);
        int[] layers = [.. Enumerable.Range(0, probe.Layers)];
        double[] place = [(starts[0] + starts[^1]) / 2.0];
        var state = new ScoreOptimizerState(0, [0], [0]);
        for (int step = 0; step < options.Steps; step++)
        {
            double share = options.Steps > 1 ? (double)step / (options.Steps - 1) : 1;
            var gate = new ConcaveGate(place[0], target.Drop, options.InitialSlope * Math.Pow(options.FinalSlope / options.InitialSlope, share));
            var (_, byGate) = probe.Weights.GatedKl([.. layers.Select(gate.At)]);
            double slope = layers.Sum(layer => byGate[layer] * gate.SlopeAt(layer));
            double rate = 2 * Travel * (starts[^1] - starts[0]) / options.Steps * (1 - (double)step / options.Steps);
            var adam = new ScoreOptimizer(new ScoreOptimizerOptions { LearningRate = rate }, state);
            adam.Step(place, [slope]);
            state = adam.State;
            place[0] = Math.Clamp(place[0], starts[0], starts[^1]);
        }
        return LayerSelection.Of(Enumerable.Range(starts.MinBy(start => Math.Abs(start - place[0])), target.Drop), probe.Layers);
    }
}
