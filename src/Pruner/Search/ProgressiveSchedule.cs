namespace E3Scale.Pruner.Search;

/// <summary>How many layers are dropped at each search step: n_t = min(n, floor(n (t + 1) / R)), R the steps of the ramp.</summary>
/// <remarks>E3-Pruner, section 3.2: linear over the whole search (ramp 1). A shorter ramp leaves the rest at the final count.</remarks>
public sealed class ProgressiveSchedule
{
    private readonly int _layerCount;
    private readonly int _searchSteps;
    private readonly int _rampSteps;
    private readonly int _finalDropped;

    /// <summary>Creates the schedule of one search.</summary>
    /// <param name="layerCount">Layers of the teacher, L.</param>
    /// <param name="keep">Layers of the student, 1..L.</param>
    /// <param name="searchSteps">Steps of the search, T_s &gt; 0.</param>
    /// <param name="ramp">Share of the search after which the final count is reached, in (0, 1]; 1 is the paper.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public ProgressiveSchedule(int layerCount, int keep, int searchSteps, double ramp = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keep);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keep, layerCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(searchSteps);
        if (!(ramp > 0 && ramp <= 1))
            throw new ArgumentOutOfRangeException(nameof(ramp), ramp, "the ramp is a share of the search, in (0, 1]");
        _layerCount = layerCount;
        _searchSteps = searchSteps;
        _rampSteps = Math.Max(1, (int)Math.Round(ramp * searchSteps));
        _finalDropped = layerCount - keep;
    }

    /// <summary>Layers kept at the end.</summary>
    public int FinalKept => _layerCount - _finalDropped;

    /// <summary>Layers dropped at a step, n_t.</summary>
    /// <param name="step">0-based search step.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step lies outside the search.</exception>
    public int DroppedAt(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, _searchSteps);
        // Whole numbers: n (t + 1) / R rounded down exactly, where floating point could land one below.
        return (int)Math.Min(_finalDropped, (long)_finalDropped * (step + 1) / _rampSteps);
    }

    /// <summary>Layers kept at a step, K_t = L - n_t.</summary>
    /// <param name="step">0-based search step.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step lies outside the search.</exception>
    public int KeptAt(int step) => _layerCount - DroppedAt(step);
}
