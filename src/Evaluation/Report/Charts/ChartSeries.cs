namespace E3Scale.Evaluation.Report.Charts;

/// <summary>A line of a chart. Several may share a name: they are one entry of the legend.</summary>
/// <param name="Name">Entry in the legend.</param>
/// <param name="Style">CSS class that gives the colour.</param>
/// <param name="Points">Points in order of x; a y that is not finite leaves a gap.</param>
internal sealed record ChartSeries(string Name, string Style, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>What each point may be off to either side, drawn as a vertical line; empty for none. A line that is thinned loses them.</summary>
    public IReadOnlyList<double> Errors { get; init; } = [];

    /// <summary>Text at the end of the line; null for none.</summary>
    public string? EndLabel { get; init; }

    /// <summary>What a pointer on the line shows; null for the points' values.</summary>
    public string? Tooltip { get; init; }

    /// <summary>Averages neighbouring points, so that at most <paramref name="limit"/> are left.</summary>
    public ChartSeries Thinned(int limit)
    {
        int width = (Points.Count + limit - 1) / limit;
        return width <= 1
            ? this
            : this with
            {
                Points = [.. Points.Chunk(width).Select(chunk => (chunk.Average(point => point.X), chunk.Average(point => point.Y)))],
                Errors = [],
            };
    }
}
