using System.Numerics;
using E3Scale.Data.Randomness;
using E3Scale.Pruner.Methods.Controls;

namespace E3Scale.Pruner.Selection;

/// <summary>Sets of layers to compare a choice with: every set of a size, or some drawn by lot where there are too many.</summary>
public sealed class MaskSample
{
    private MaskSample(IReadOnlyList<int[]> sets, bool isComplete) => (Sets, IsComplete) = (sets, isComplete);

    /// <summary>The sets, each ascending, all different.</summary>
    public IReadOnlyList<int[]> Sets { get; }

    /// <summary>Whether these are all there are.</summary>
    public bool IsComplete { get; }

    /// <summary>Makes a sample.</summary>
    /// <param name="layers">Layers of the teacher.</param>
    /// <param name="target">How many go, which not, and the key of the draws.</param>
    /// <param name="most">Sets at most.</param>
    public static MaskSample Of(int layers, SelectionTarget target, int most)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        int[] candidates = target.Candidates(layers);
        if (Count(candidates.Length, target.Drop) <= most)
            return new MaskSample([.. All(candidates, target.Drop)], isComplete: true);
        var random = new CounterRandom(target.Seed, "mask-sample");
        var sets = new Dictionary<string, int[]>(StringComparer.Ordinal);
        while (sets.Count < most)
        {
            int[] set = [.. RandomSelector.Draw(candidates, target.Drop, ref random).Order()];
            sets.TryAdd(string.Join(' ', set), set);
        }
        return new MaskSample([.. sets.Values], isComplete: false);
    }

    /// <summary>How many sets of a size there are.</summary>
    /// <param name="layers">Layers to choose from.</param>
    /// <param name="size">Layers of a set.</param>
    public static BigInteger Count(int layers, int size)
    {
        BigInteger sets = 1;
        for (int i = 0; i < size; i++)
            sets = sets * (layers - i) / (i + 1);
        return sets;
    }

    /// <summary>All sets of a size, in lexical order.</summary>
    /// <param name="layers">Layers to choose from, ascending.</param>
    /// <param name="size">Layers of a set.</param>
    public static IEnumerable<int[]> All(int[] layers, int size)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (size == 0)
            return [[]];
        return Enumerable.Range(0, layers.Length - size + 1).SelectMany(
            first => All(layers[(first + 1)..], size - 1).Select(rest => (int[])[layers[first], .. rest]));
    }
}
