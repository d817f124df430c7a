using System.Text;
using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.Sections;

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
    public static void Write(ReportInput input, string path)
    {
        string aside = path + ".tmp";
        try
        {
            using (FileStream stream = new(aside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                stream.Write(Encoding.UTF8.GetBytes(Render(input)));
                stream.Flush(flushToDisk: true);
            }
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }

    /// <summary>The report as text.</summary>
    /// <param name="input">What the run left.</param>
    /// <returns>An HTML document that is also well-formed XML.</returns>
    public static string Render(ReportInput input)
    {
        var markup = new MarkupBuilder();
        markup.Raw("<!DOCTYPE html>\n").Begin("html", ("lang", "en")).Begin("head");
        markup.Element("meta", null, ("charset", "utf-8"));
        markup.Element("meta", null, ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        markup.Element("title", $"{input.Title} – E3Scale report");
        markup.Begin("style").Raw(ReportStyle.Css).End().End();
        markup.Begin("body").Begin("main");
        markup.Element("h1", input.Title);
        markup.Element("p", "Layer pruning and recovery by distillation from stored logits", ("class", "muted"));
        HeadlineSection.Write(markup, input);
        TasksSection.Write(markup, input);
        LayersSection.Write(markup, input);
        SearchSection.Write(markup, input);
        TrainingSection.Write(markup, input);
        FootprintSection.Write(markup, input);
        CostSection.Write(markup, input);
        LimitsSection.Write(markup);
        ProvenanceSection.Write(markup, input);
        markup.End().End().End();
        return markup.ToString();
    }
}
