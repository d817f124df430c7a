using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>
/// Recipe section <c>search.refine</c>: how <c>e3-pruner</c> chooses the last mask by the loss, with the weights as the search left them. With 0 draws and 0
/// exchanges the largest scores stay, as in the paper. The other methods do not read it.
/// </summary>
public sealed record RefineSection
{
    /// <summary>Masks drawn from the final scores to choose from, beside that of the final scores and that of the scores at the start.</summary>
    [Range(0, 65536)]
    public int Draws { get; init; } = 16;

    /// <summary>Exchanges of a dropped layer for a kept one at most, each only if the loss falls.</summary>
    [Range(0, 10_000)]
    public int Exchanges { get; init; } = 8;

    /// <summary>Training sequences, those that come next, that masks are judged on.</summary>
    [Range(1, 1_000_000)]
    public int Sequences { get; init; } = 40;
}
