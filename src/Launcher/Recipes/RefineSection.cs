using System.ComponentModel.DataAnnotations;
using E3Scale.Pruner.Search;

namespace E3Scale.Launcher.Recipes;

/// <summary>
/// Recipe section <c>search.refine</c>: how <c>e3-pruner</c> chooses a mask by the loss, before the search or after it. With 0 draws and 0 exchanges (default) the
/// importance alone decides where the scores start and the scores what stays, as in the paper. The other methods do not read it.
/// </summary>
public sealed record RefineSection
{
    /// <summary>Before the first step, where the scores then start from, or after the last one, as the last word.</summary>
    public RefinementTime At { get; init; } = RefinementTime.Start;

    /// <summary>Masks drawn from the scores to choose from, beside that of the scores.</summary>
    [Range(0, 65536)]
    public int Draws { get; init; }

    /// <summary>Exchanges of a dropped layer for a kept one at most, each only if the loss falls.</summary>
    [Range(0, 10_000)]
    public int Exchanges { get; init; }

    /// <summary>Training sequences, those that come next, that masks are judged on.</summary>
    [Range(1, 1_000_000)]
    public int Sequences { get; init; } = 40;
}
