namespace E3Scale.Pruner.Search;

/// <summary>Annealing of the softmax temperature over the search.</summary>
/// <remarks>E3-Pruner, appendix D: linear, tau_t = tau_0 (1 - c t / T_s), t = 0 .. T_s - 1. The starting temperature is not published.</remarks>
public sealed record TemperatureSchedule
{
    /// <summary>tau_0, dimensionless, &gt; 0. The default 4 suits <see cref="Relaxation.Smaller"/>; take 1 to 2 with <see cref="Relaxation.Keep"/>.</summary>
    public double Initial { get; init; } = 4;

    /// <summary>
    /// c in [0, 1): the share of <see cref="Initial"/> that would be gone one step after the last. Paper: 0.9. Not used by <see cref="Annealing.Constant"/>.
    /// </summary>
    public double AnnealCoefficient { get; init; } = 0.9;

    /// <summary>The way down. Default: linear, the paper's.</summary>
    public Annealing Form { get; init; } = Annealing.Linear;

    /// <summary>Temperature of one search step.</summary>
    /// <param name="step">0-based search step.</param>
    /// <param name="searchSteps">Steps of the whole search, T_s.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step lies outside the search, or the schedule would reach zero.</exception>
    public double At(int step, int searchSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Initial);
        ArgumentOutOfRangeException.ThrowIfNegative(AnnealCoefficient);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(AnnealCoefficient, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, searchSteps);
        double progress = (double)step / searchSteps;
        return Form switch
        {
            Annealing.Linear => Initial * (1 - AnnealCoefficient * step / searchSteps),
            Annealing.Exponential => Initial * Math.Pow(1 - AnnealCoefficient, progress),
            Annealing.Cosine => Initial * (1 - AnnealCoefficient * (1 - Math.Cos(Math.PI * progress)) / 2),
            Annealing.Constant => Initial,
            _ => throw new InvalidOperationException($"{Form} is no way to anneal"),
        };
    }
}
