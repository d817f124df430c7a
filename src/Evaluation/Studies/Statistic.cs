namespace E3Scale.Evaluation.Studies;

/// <summary>Mean of the same quantity over seeds.</summary>
/// <param name="Count">Seeds it was measured with.</param>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="StandardError">Sample standard deviation over the root of <paramref name="Count"/>; null for a single seed.</param>
public readonly record struct Statistic(int Count, double Mean, double? StandardError)
{
    /// <summary>Mean and standard error of some values; null when there are none.</summary>
    /// <param name="values">One value for each seed.</param>
    public static Statistic? Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        if (all.Length == 0)
            return null;
        double mean = all.Average();
        double squares = all.Sum(value => (value - mean) * (value - mean));
        return new Statistic(all.Length, mean, all.Length > 1 ? Math.Sqrt(squares / (all.Length - 1) / all.Length) : null);
    }
}
