using E3Scale.Evaluation.Report.Charts;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>The parts that sections are made of.</summary>
internal static class SectionMarkup
{
    /// <summary>Opens a page with its head, style and title.</summary>
    public static void BeginPage(this MarkupBuilder markup, string title)
    {
        markup.Raw("<!DOCTYPE html>\n").Begin("html", ("lang", "en")).Begin("head");
        markup.Element("meta", null, ("charset", "utf-8"));
        markup.Element("meta", null, ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        markup.Element("title", $"{title} – E3Scale report");
        markup.Begin("style").Raw(ReportStyle.Css).End().End();
        markup.Begin("body").Begin("main");
        markup.Element("h1", title);
    }

    /// <summary>Closes what <see cref="BeginPage"/> opened.</summary>
    public static void EndPage(this MarkupBuilder markup) => markup.End().End().End();

    public static MarkupBuilder BeginSection(this MarkupBuilder markup, string title) => markup.Begin("section").Element("h2", title);

    /// <summary>Says that a stage has left nothing to show.</summary>
    public static void Note(this MarkupBuilder markup, string text) => markup.Element("p", text, ("class", "note"));

    public static MarkupBuilder BeginFigure(this MarkupBuilder markup, string title) => markup.Begin("figure").Element("h3", title);

    public static void EndFigure(this MarkupBuilder markup, string? caption = null)
    {
        if (caption is not null)
            markup.Element("figcaption", caption);
        markup.End();
    }

    /// <summary>A table with numbers; the first cell of a row names it.</summary>
    public static void Table(this MarkupBuilder markup, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows, int strongRow = -1)
    {
        markup.Begin("div", ("class", "scroll")).Begin("table").Begin("thead").Begin("tr");
        foreach (string cell in header)
            markup.Element("th", cell);
        markup.End().End().Begin("tbody");
        int index = 0;
        foreach (var row in rows)
        {
            markup.Begin("tr", ("class", index++ == strongRow ? "strong" : "plain"));
            foreach (string cell in row)
                markup.Element("td", cell);
            markup.End();
        }
        markup.End().End().End();
    }

    /// <summary>Names and texts, both to the left.</summary>
    public static void Facts(this MarkupBuilder markup, IEnumerable<KeyValuePair<string, string>> facts)
    {
        markup.Begin("table", ("class", "facts")).Begin("tbody");
        foreach (var (name, value) in facts)
            markup.Begin("tr").Element("td", name, ("class", "muted")).Element("td", value).End();
        markup.End().End();
    }
}
