using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Selection;

/// <summary>What a selector chose.</summary>
/// <param name="DropOrder">Layers to drop, the one that goes first in front; methods without an order list them ascending.</param>
/// <param name="Scores">A number for every layer, [L]; larger means keep. Methods without scores give 1 to kept and 0 to dropped layers.</param>
public sealed record LayerSelection(IReadOnlyList<int> DropOrder, double[] Scores)
{
    /// <summary>Layers that the method itself kept whatever they score; empty (default) for none.</summary>
    public IReadOnlyCollection<int> Spared { get; init; } = [];

    /// <summary>For methods that merge layers, what becomes of each one in the order of <see cref="DropOrder"/>; empty (default) for others.</summary>
    public IReadOnlyList<LayerMerge> Merges { get; init; } = [];

    /// <summary>A choice by scores alone: the smallest go, of equal ones the higher layer.</summary>
    /// <param name="scores">[L]; larger means keep.</param>
    /// <param name="target">How many, and which not.</param>
    public static LayerSelection BySmallest(double[] scores, SelectionTarget target)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(target);
        int[] order = [.. target.Candidates(scores.Length).OrderBy(layer => scores[layer]).ThenByDescending(layer => layer).Take(target.Drop)];
        return new LayerSelection(order, scores);
    }

    /// <summary>A choice without scores.</summary>
    /// <param name="dropped">The layers that go.</param>
    /// <param name="layers">Layers of the teacher.</param>
    public static LayerSelection Of(IEnumerable<int> dropped, int layers)
    {
        int[] ascending = [.. dropped.Order()];
        return new LayerSelection(ascending, [.. Enumerable.Range(0, layers).Select(layer => ascending.Contains(layer) ? 0.0 : 1.0)]);
    }
}
