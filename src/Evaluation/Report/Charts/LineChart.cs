using System.Text;

namespace E3Scale.Evaluation.Report.Charts;

/// <summary>Lines over a common x axis.</summary>
internal sealed class LineChart
{
    private const int MaxPoints = 300;
    private const int HoverPoints = 40;
    private const double LabelHeight = 13;

    /// <summary>What the chart shows, for screen readers.</summary>
    public required string Description { get; init; }

    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Vertical lines with a text, where something changes.</summary>
    public IReadOnlyList<(double X, string Text)> Marks { get; init; } = [];

    public double Width { get; init; } = 520;

    public double Height { get; init; } = 270;

    public bool IncludeZero { get; init; }

    /// <summary>Whether the x axis is labelled where points are, for a few whole numbers.</summary>
    public bool TicksAtPoints { get; init; }

    public void Draw(MarkupBuilder markup)
    {
        var series = Series.Where(line => line.Points.Count > 0).Select(line => line.Thinned(MaxPoints)).ToList();
        bool hasEndLabels = series.Any(line => line.EndLabel is not null);
        var frame = new ChartFrame(markup, Width, Height, hasEndLabels ? 46 : 16);
        var x = LinearScale.Over(series.SelectMany(line => line.Points).Select(point => point.X), ChartFrame.Left, frame.Right, round: false);
        var y = LinearScale.Over(series.SelectMany(Extent), frame.Bottom, ChartFrame.Top, IncludeZero);
        ChartFrame.Legend(markup, series.Select(line => (line.Name, line.Style)));
        frame.Begin(Description);
        frame.HorizontalGrid(y);
        frame.HorizontalTicks(x, TicksAtPoints ? series.SelectMany(line => line.Points).Select(point => point.X).Distinct() : x.Ticks(6));
        foreach (var (at, _) in Marks)
            markup.Element("line", null, ("class", "mark"), ("x1", x.Map(at)), ("x2", x.Map(at)), ("y1", ChartFrame.Top), ("y2", frame.Bottom));
        foreach (var line in series)
        {
            DrawLine(markup, line, x, y);
            DrawErrors(markup, line, x, y);
        }
        foreach (var line in series.Where(line => line.Tooltip is null))
            DrawHoverPoints(markup, line, x, y);
        DrawEndLabels(frame, series, y);
        foreach (var (at, text) in Marks)
            frame.Label(text, x.Map(at) + 5, ChartFrame.Top + 10, "start", "mark-text");
        frame.AxisTitles(XTitle, YTitle);
        markup.End();
    }

    private static void DrawLine(MarkupBuilder markup, ChartSeries line, LinearScale x, LinearScale y)
    {
        StringBuilder path = new();
        bool penDown = false;
        foreach (var (pointX, pointY) in line.Points)
        {
            if (double.IsFinite(pointY))
                path.Append(penDown ? 'L' : 'M').Append(MarkupBuilder.Number(x.Map(pointX))).Append(' ').Append(MarkupBuilder.Number(y.Map(pointY)));
            penDown = double.IsFinite(pointY);
        }
        markup.Begin("path", ("class", $"line {line.Style}"), ("d", path.ToString())).Element("title", line.Tooltip ?? line.Name).End();
    }

    private static IEnumerable<double> Extent(ChartSeries line) => line.Points.Select(point => point.Y)
        .Concat(line.Points.Zip(line.Errors).SelectMany(entry => new[] { entry.First.Y - entry.Second, entry.First.Y + entry.Second }));

    private static void DrawErrors(MarkupBuilder markup, ChartSeries line, LinearScale x, LinearScale y)
    {
        foreach (var ((pointX, pointY), error) in line.Points.Zip(line.Errors))
            if (error > 0)
                markup.Element("line", null, ("class", $"line {line.Style}"), ("x1", x.Map(pointX)), ("x2", x.Map(pointX)), ("y1", y.Map(pointY - error)),
                    ("y2", y.Map(pointY + error)));
    }

    private void DrawHoverPoints(MarkupBuilder markup, ChartSeries line, LinearScale x, LinearScale y)
    {
        int stride = Math.Max(1, line.Points.Count / HoverPoints);
        for (int i = 0; i < line.Points.Count; i += stride)
        {
            var (pointX, pointY) = line.Points[i];
            if (!double.IsFinite(pointY))
                continue;
            markup.Begin("circle", ("class", $"hover {line.Style}"), ("cx", x.Map(pointX)), ("cy", y.Map(pointY)), ("r", 5.0));
            markup.Element("title", $"{line.Name}, {XTitle} {ChartText.Tick(Math.Round(pointX))}: {pointY:G4}").End();
        }
    }

    // Labels that would overlap are pushed down, and back up from the lower edge.
    private static void DrawEndLabels(ChartFrame frame, List<ChartSeries> series, LinearScale y)
    {
        var labels = series.Where(line => line.EndLabel is not null && double.IsFinite(line.Points[^1].Y))
            .Select(line => (Text: line.EndLabel!, At: y.Map(line.Points[^1].Y))).OrderBy(label => label.At).ToArray();
        for (int i = 1; i < labels.Length; i++)
            labels[i].At = Math.Max(labels[i].At, labels[i - 1].At + LabelHeight);
        for (int i = labels.Length - 1; i >= 0; i--)
            labels[i].At = Math.Min(labels[i].At, i == labels.Length - 1 ? frame.Bottom : labels[i + 1].At - LabelHeight);
        foreach (var (text, at) in labels)
            frame.Label(text, frame.Right + 5, at + 4, "start");
    }
}
