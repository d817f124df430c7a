using E3Scale.Data.Arithmetic;

namespace E3Scale.Evaluation.Chains;

/// <summary>One problem and what a model answered.</summary>
/// <param name="Steps">Steps of its chain.</param>
/// <param name="Index">Its number among those of this length.</param>
/// <param name="Problem">The problem.</param>
internal sealed record ChainItem(int Steps, int Index, ArithmeticProblem Problem)
{
    /// <summary>Answer of greedy generation; null where none could be read.</summary>
    public int? Greedy { get; init; }

    /// <summary>Drawn answers.</summary>
    public IReadOnlyList<int?> Samples { get; init; } = [];

    /// <summary>The held-out problems of some lengths; none is among those of the exact-match score.</summary>
    public static IEnumerable<ChainItem> Create(ChainOptions options, ulong seed) =>
        from steps in options.Lengths
        let difficulty = new ArithmeticOptions { MinSteps = steps, MaxSteps = steps }
        from index in Enumerable.Range(0, options.ItemsPerLength)
        // Lengths have draws of their own: with the same ones their problems would begin alike.
        select new ChainItem(steps, index, ArithmeticTask.Create(ArithmeticSplit.HeldOut, seed, ((long)steps << 32) | (uint)index, difficulty));

    /// <summary>Names the draws of an answer.</summary>
    public ulong Stream(int sample) => ((ulong)Steps << 48) | ((ulong)Index << 16) | (uint)sample;
}
