using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.Sections;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Report;

/// <summary>
/// Writes a run as one self-contained HTML file: tables, and charts as inline SVG with tooltips. No script and nothing from elsewhere, so
/// that it prints, can be mailed and still opens in ten years. Equal input gives equal bytes.
/// </summary>
public static class ReportWriter
{
    /// <summary>Writes the report; the file appears whole or not at all.</summary>
    /// <param name="input">What the run left, see <see cref="ReportInput.Load"/>.</param>
    /// <param name="path">The file, usually <c>report.html</c> in the run folder.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(ReportInput input, string path) => JsonFile.WriteText(path, Render(input));

    /// <summary>The report as text.</summary>
    /// <param name="input">What the run left.</param>
    /// <returns>An HTML document that is also well-formed XML.</returns>
    public static string Render(ReportInput input)
    {
        var markup = new MarkupBuilder();
        markup.BeginPage(input.Title);
        markup.Element("p", "Layer pruning and recovery by distillation from stored logits", ("class", "muted"));
        HeadlineSection.Write(markup, input);
        TasksSection.Write(markup, input);
        ChainsSection.Write(markup, input);
        LayersSection.Write(markup, input);
        SearchSection.Write(markup, input);
        TrainingSection.Write(markup, input);
        FootprintSection.Write(markup, input);
        CostSection.Write(markup, input);
        LimitsSection.Write(markup);
        ProvenanceSection.Write(markup, input);
        markup.EndPage();
        return markup.ToString();
    }
}
