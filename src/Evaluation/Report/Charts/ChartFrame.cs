namespace E3Scale.Evaluation.Report.Charts;

/// <summary>Size, scales, grid and axis labels: what the charts have in common.</summary>
internal sealed class ChartFrame
{
    /// <summary>Edges of the plot that do not depend on the size, and the room below it for labels.</summary>
    public const double Left = 62, Top = 12, BottomMargin = 44;

    private readonly MarkupBuilder _markup;
    private readonly double _rightMargin;

    public ChartFrame(MarkupBuilder markup, double width, double height, double rightMargin = 16)
    {
        _markup = markup;
        _rightMargin = rightMargin;
        (Width, Height) = (width, height);
    }

    public double Width { get; }

    public double Height { get; }

    public double Right => Width - _rightMargin;

    public double Bottom => Height - BottomMargin;

    /// <summary>Opens the drawing; the description is what a screen reader says of it.</summary>
    public void Begin(string description) => BeginDrawing(_markup, Width, Height, description);

    public static void BeginDrawing(MarkupBuilder markup, double width, double height, string description)
    {
        markup.Begin("svg", ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", $"0 0 {MarkupBuilder.Number(width)} {MarkupBuilder.Number(height)}"),
            ("role", "img"), ("style", $"max-width:{MarkupBuilder.Number(width)}px"));
        markup.Element("title", description);
    }

    public void HorizontalGrid(LinearScale y)
    {
        foreach (double tick in y.Ticks(5))
        {
            double at = y.Map(tick);
            _markup.Element("line", null, ("class", "grid"), ("x1", Left), ("x2", Right), ("y1", at), ("y2", at));
            Label(ChartText.Tick(tick), Left - 8, at + 4, "end");
        }
    }

    public void HorizontalTicks(LinearScale x, IEnumerable<double> ticks)
    {
        _markup.Element("line", null, ("class", "axis"), ("x1", Left), ("x2", Right), ("y1", Bottom), ("y2", Bottom));
        foreach (double tick in ticks)
            Label(ChartText.Tick(tick), x.Map(tick), Bottom + 17, "middle");
    }

    public void AxisTitles(string xTitle, string yTitle)
    {
        Label(xTitle, (Left + Right) / 2, Height - 6, "middle", "axis-title");
        double middle = (Top + Bottom) / 2;
        _markup.Element("text", yTitle, ("class", "axis-title"), ("x", 13.0), ("y", middle), ("text-anchor", "middle"),
            ("transform", $"rotate(-90 13 {MarkupBuilder.Number(middle)})"));
    }

    public void Label(string text, double x, double y, string anchor, string style = "tick") =>
        _markup.Element("text", text, ("class", style), ("x", x), ("y", y), ("text-anchor", anchor));

    /// <summary>Names and swatches above a chart; nothing when there is only one name.</summary>
    public static void Legend(MarkupBuilder markup, IEnumerable<(string Name, string Style)> entries)
    {
        var distinct = entries.Distinct().ToList();
        if (distinct.Count < 2)
            return;
        markup.Begin("p", ("class", "legend"));
        foreach (var (name, style) in distinct)
            markup.Begin("span").Element("i", "", ("class", $"swatch {style}")).Text(name).End();
        markup.End();
    }
}
