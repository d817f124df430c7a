namespace E3Scale.Evaluation.Report.Charts;

/// <summary>Named means with their standard errors: a row each, a point and a line through it.</summary>
internal static class ErrorBars
{
    private const double Width = 1056, LabelWidth = 260, RightMargin = 30, RowHeight = 26, BottomMargin = 44, PointRadius = 4;

    /// <summary>Draws them from top to bottom; the axis does not begin at zero, because differences are what matters.</summary>
    public static void Draw(MarkupBuilder markup, string description, string xTitle, IReadOnlyList<(string Name, double Mean, double Error)> rows)
    {
        double bottom = rows.Count * RowHeight + 8, right = Width - RightMargin;
        var x = LinearScale.Over(rows.SelectMany(row => new[] { row.Mean - row.Error, row.Mean + row.Error }), LabelWidth, right);
        ChartFrame.BeginDrawing(markup, Width, bottom + BottomMargin, description);
        foreach (double tick in x.Ticks(6))
        {
            markup.Element("line", null, ("class", "grid"), ("x1", x.Map(tick)), ("x2", x.Map(tick)), ("y1", 0.0), ("y2", bottom));
            Label(markup, ChartText.Tick(tick), x.Map(tick), bottom + 17, "middle");
        }
        for (int i = 0; i < rows.Count; i++)
        {
            var (name, mean, error) = rows[i];
            double middle = 4 + (i + 0.5) * RowHeight;
            Label(markup, name, LabelWidth - 10, middle + 4, "end");
            markup.Element("line", null, ("class", "line student"), ("x1", x.Map(mean - error)), ("x2", x.Map(mean + error)), ("y1", middle), ("y2", middle));
            markup.Begin("circle", ("class", "bar student"), ("cx", x.Map(mean)), ("cy", middle), ("r", PointRadius));
            markup.Element("title", $"{name}: {mean:G5} ± {error:G2}").End();
        }
        Label(markup, xTitle, (LabelWidth + right) / 2, bottom + BottomMargin - 6, "middle");
        markup.End();
    }

    private static void Label(MarkupBuilder markup, string text, double x, double y, string anchor) =>
        markup.Element("text", text, ("class", "tick"), ("x", x), ("y", y), ("text-anchor", anchor));
}
