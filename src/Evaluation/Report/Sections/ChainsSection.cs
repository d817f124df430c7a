using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Report.Charts;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>Accuracy by length of the reasoning, and with several tries; the section is left out when neither was measured.</summary>
internal static class ChainsSection
{
    public static void Write(MarkupBuilder markup, ReportInput input)
    {
        if (input.Summary is not { Teacher.Chains: { } teacher } summary)
            return;
        List<(string Name, string Style, ChainResult Chains)> models = [("teacher", "teacher", teacher)];
        if (summary.Pruned.Chains is { } pruned)
            models.Add(("pruned, not recovered", "dropped", pruned));
        if (summary.Student.Chains is { } student)
            models.Add(("student", "student", student));
        markup.BeginSection("Reasoning chains");
        WriteLengths(markup, models);
        if (teacher.Tries.Count > 0)
            WriteTries(markup, models);
        markup.End();
    }

    /// <summary>A chart of exact answers over the number of steps.</summary>
    public static void DrawLengths(MarkupBuilder markup, IEnumerable<ChartSeries> series) => new LineChart
    {
        Description = "Exact answers by steps of the reasoning chain",
        XTitle = "steps of the chain",
        YTitle = "exact answers, %",
        Series = [.. series],
        IncludeZero = true,
        TicksAtPoints = true,
    }.Draw(markup);

    /// <summary>A chart of solved problems over the number of tries.</summary>
    public static void DrawTries(MarkupBuilder markup, string title, IEnumerable<ChartSeries> series) => new LineChart
    {
        Description = $"Problems solved by number of tries: {title}",
        XTitle = "answers drawn, k",
        YTitle = "problems solved, %",
        Series = [.. series],
        IncludeZero = true,
        TicksAtPoints = true,
    }.Draw(markup);

    private static void WriteLengths(MarkupBuilder markup, List<(string Name, string Style, ChainResult Chains)> models)
    {
        var lengths = models[0].Chains.Lengths;
        markup.Table(
            ["steps of the chain", "problems", .. models.Select(model => model.Name)],
            lengths.Select((length, i) => (IReadOnlyList<string>)
            [
                ChartText.Count(length.Steps),
                ChartText.Count(length.Items),
                .. models.Select(model => Share(model.Chains.Lengths[i].ExactMatch, model.Chains.Lengths[i].ExactMatchError)),
            ]));
        markup.Element("p", "Greedy answers to held-out problems, exactly right; ± is one standard error over problems.", ("class", "muted"), ("style", "margin-top:10px"));
        markup.BeginFigure("Accuracy against length");
        DrawLengths(markup, models.Select(model => new ChartSeries(
            model.Name, model.Style, [.. model.Chains.Lengths.Select(length => ((double)length.Steps, 100 * length.ExactMatch))])
        {
            Errors = [.. model.Chains.Lengths.Select(length => 100 * length.ExactMatchError)],
        }));
        markup.EndFigure("Vertical lines: one standard error to either side.");
    }

    private static void WriteTries(MarkupBuilder markup, List<(string Name, string Style, ChainResult Chains)> models)
    {
        var first = models[0].Chains;
        markup.Table(
            ["answers drawn, k", .. models.SelectMany(model => new[] { $"{model.Name}: pass@k", "maj@k" })],
            first.Tries.Select((tries, i) => (IReadOnlyList<string>)
            [
                ChartText.Count(tries.K),
                .. models.Select(model => model.Chains.Tries[i]).SelectMany(other =>
                    new[] { Share(other.Pass, other.PassError), Share(other.Majority, other.MajorityError) }),
            ]));
        markup.Element("p",
            $"{first.Samples} answers to each problem, drawn with temperature {ChartText.Tick(first.Temperature)} and nucleus {ChartText.Tick(first.TopP)}. pass@k: one of k " +
            "answers is right; maj@k: the most frequent of k is. Both are means over all choices of k answers.", ("class", "muted"), ("style", "margin-top:10px"));
        markup.Begin("div", ("class", "pair"));
        foreach (var (title, value) in (ReadOnlySpan<(string, Func<TriesResult, (double Share, double? Error)>)>)
            [("pass@k", tries => (tries.Pass, tries.PassError)), ("maj@k", tries => (tries.Majority, tries.MajorityError))])
        {
            markup.BeginFigure(title);
            DrawTries(markup, title, models.Select(model => new ChartSeries(
                model.Name, model.Style, [.. model.Chains.Tries.Select(tries => ((double)tries.K, 100 * value(tries).Share))])
            {
                Errors = [.. model.Chains.Tries.Select(tries => 100 * (value(tries).Error ?? 0))],
            }));
            markup.EndFigure();
        }
        markup.End();
    }

    private static string Share(double share, double? error) =>
        error is null ? ChartText.Percent(share) : $"{ChartText.Percent(share)} ± {ChartText.Percent(error)}";
}
