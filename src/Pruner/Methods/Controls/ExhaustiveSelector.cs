using System.Numerics;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Controls;

/// <summary>Tries every set of layers: the optimum that other methods are compared with, for small models.</summary>
/// <param name="metric">The judge.</param>
public sealed class ExhaustiveSelector(ProbeMetric metric = ProbeMetric.Kl) : ILayerSelector
{
    /// <summary>Most sets that are tried.</summary>
    public const long MaxSets = 100_000;

    // The teacher runs once for so many; progress shows after each.
    private const int SetsAtOnce = 16;

    /// <inheritdoc/>
    public string Name => "exhaustive";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => (long)BigInteger.Min(MaskSample.Count(target.Candidates(layers).Length, target.Drop), MaxSets + 1);

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        int[] candidates = target.Candidates(probe.Layers);
        if (MaskSample.Count(candidates.Length, target.Drop) > MaxSets)
            throw new ArgumentException(
                $"more than {MaxSets} sets of {target.Drop} out of {candidates.Length} layers: too many to try. Take another method, or drop fewer layers.");
        var (best, least) = (Array.Empty<int>(), double.PositiveInfinity);
        foreach (int[][] sets in MaskSample.All(candidates, target.Drop).Chunk(SetsAtOnce))
        {
            double[] losses = probe.Losses([.. sets.Select(set => AllLayers.Without(probe.Layers, set))], metric);
            foreach (var (set, loss) in sets.Zip(losses))
                if (loss < least)
                    (best, least) = (set, loss);
        }
        return LayerSelection.Of(best, probe.Layers);
    }
}
