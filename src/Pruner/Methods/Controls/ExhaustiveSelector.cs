using System.Numerics;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Controls;

/// <summary>Tries every set of layers: the optimum that other methods are compared with, for small models.</summary>
/// <param name="metric">The judge.</param>
public sealed class ExhaustiveSelector(ProbeMetric metric = ProbeMetric.Kl) : ILayerSelector
{
    /// <summary>Most sets that are tried.</summary>
    public const long MaxSets = 100_000;

    /// <inheritdoc/>
    public string Name => "exhaustive";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => CountSets(target.Candidates(layers).Length, target.Drop);

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        int[] candidates = target.Candidates(probe.Layers);
        if (CountSets(candidates.Length, target.Drop) > MaxSets)
            throw new ArgumentException(
                $"more than {MaxSets} sets of {target.Drop} out of {candidates.Length} layers: too many to try. Take another method, or drop fewer layers.");
        int[] best = Sets(candidates, target.Drop).MinBy(set => probe.Loss(AllLayers.Without(probe.Layers, set), metric))!;
        return LayerSelection.Of(best, probe.Layers);
    }

    /// <summary>Sets of a size, or one more than <see cref="MaxSets"/> where there are more.</summary>
    private static long CountSets(int layers, int size)
    {
        BigInteger sets = 1;
        for (int i = 0; i < size; i++)
            sets = sets * (layers - i) / (i + 1);
        return (long)BigInteger.Min(sets, MaxSets + 1);
    }

    /// <summary>All sets of a size, in lexical order.</summary>
    private static IEnumerable<int[]> Sets(int[] layers, int size)
    {
        if (size == 0)
            return [[]];
        return Enumerable.Range(0, layers.Length - size + 1).SelectMany(
            first => Sets(layers[(first + 1)..], size - 1).Select(rest => (int[])[layers[first], .. rest]));
    }
}
