namespace E3Scale.Pruner.Search;

/// <summary>Which layers given scores let go at each step of a search.</summary>
public interface IDropSchedule
{
    /// <summary>The hard mask of a step.</summary>
    /// <param name="scores">[L], larger means keep; with noise for a draw, without for what the search has come to.</param>
    /// <param name="step">0-based search step.</param>
    /// <returns>bool [L], true for kept layers.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The step lies outside the search.</exception>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    bool[] KeptAt(ReadOnlySpan<double> scores, int step);

    /// <summary>Whether a mask is one that a search may end with: enough goes, and nothing that could stay.</summary>
    /// <param name="kept">bool [L], protected layers all kept.</param>
    bool IsEnough(bool[] kept);
}
