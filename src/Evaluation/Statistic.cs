namespace E3Scale.Evaluation;

/// <summary>Mean of the same quantity over seeds or items.</summary>
/// <param name="Count">Values it is the mean of.</param>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="StandardError">Sample standard deviation over the root of <paramref name="Count"/>; null for a single value.</param>
public readonly record struct Statistic(int Count, double Mean, double? StandardError)
{
    /// <summary>Mean and standard error of some values; null when there are none.</summary>
    /// <param name="values">One value for each seed or item.</param>
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
