using System.Globalization;
using System.Text;

namespace E3Scale.Benchmarks.Growth;

/// <summary>A panel for each curve, both axes logarithmic: dots are measured, the line is planned.</summary>
internal static class GrowthPicture
{
    private const int Columns = 4, PanelWidth = 250, PanelHeight = 200, Left = 52, Top = 46, Plot = 170, PlotHeight = 110;

    /// <summary>Draws.</summary>
    /// <param name="curves">What to draw.</param>
    /// <returns>The text of an SVG file.</returns>
    public static string ToSvg(IReadOnlyList<GrowthCurve> curves)
    {
        int rows = (curves.Count + Columns - 1) / Columns;
        var svg = new StringBuilder();
        svg.AppendLine(Invariant(
            $"""<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{Columns * PanelWidth}" height="{rows * PanelHeight}" font-family="sans-serif" font-size="11" fill="#222">"""));
        svg.AppendLine("""<rect width="100%" height="100%" fill="#fff"/>""");
        for (int i = 0; i < curves.Count; i++)
            AppendPanel(svg, curves[i], i % Columns * PanelWidth + Left, i / Columns * PanelHeight + Top);
        return svg.AppendLine("</svg>").ToString();
    }

    private static void AppendPanel(StringBuilder svg, GrowthCurve curve, int left, int top)
    {
        double[] all = [.. curve.Measured, .. curve.Planned];
        double low = Math.Log(all.Min()) - .1, high = Math.Log(all.Max()) + .1;
        double first = Math.Log(curve.Axis.Values[0]), last = Math.Log(curve.Axis.Values[^1]);
        double X(int i) => left + Plot * (Math.Log(curve.Axis.Values[i]) - first) / (last - first);
        double Y(double value) => top + PlotHeight * (high - Math.Log(value)) / (high - low);

        svg.AppendLine(Invariant($"""<text x="{left}" y="{top - 24}" font-weight="bold">{curve.Unit}</text>"""));
        svg.AppendLine(Invariant($"""<text x="{left}" y="{top - 10}">exponent {curve.Axis.Exponent(curve.Measured):0.00}, planned {curve.Axis.Exponent(curve.Planned):0.00}</text>"""));
        svg.AppendLine(Invariant($"""<path d="M{left} {top}v{PlotHeight}h{Plot}" fill="none" stroke="#888"/>"""));
        string line = string.Join(' ', curve.Planned.Select((value, i) => Invariant($"{X(i):0.#},{Y(value):0.#}")));
        svg.AppendLine($"""<polyline points="{line}" fill="none" stroke="#4c86c6" stroke-width="1.5"/>""");
        for (int i = 0; i < curve.Measured.Count; i++)
        {
            svg.Append(Invariant($"""<circle cx="{X(i):0.#}" cy="{Y(curve.Measured[i]):0.#}" r="3.5" fill="#e08e45"><title>{curve.Measured[i]:G3}</title></circle>"""));
            svg.AppendLine(Invariant($"""<text x="{X(i):0.#}" y="{top + PlotHeight + 14}" text-anchor="middle" font-size="9">{curve.Axis.Values[i]}</text>"""));
        }
        foreach (double value in new[] { all.Min(), all.Max() })
            svg.AppendLine(Invariant($"""<text x="{left - 6}" y="{Y(value) + 4:0.#}" text-anchor="end" font-size="9">{value:G3}</text>"""));
        svg.AppendLine(Invariant($"""<text x="{left + Plot / 2}" y="{top + PlotHeight + 30}" text-anchor="middle">{curve.Axis.Name}</text>"""));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
