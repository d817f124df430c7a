using E3Scale.Evaluation.Report;
using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.Evaluation.Report.Sections;

namespace E3Scale.Evaluation.Studies;

/// <summary>The results of a study as one HTML page in the manner of a run's report: tables, losses with error bars, curves, masks.</summary>
internal static class StudyPage
{
    /// <summary>The page as text, well-formed XML as well.</summary>
    public static string Render(StudyResult study)
    {
        var markup = new MarkupBuilder();
        markup.BeginPage(study.Title);
        markup.Element("p", StudyWriter.Provenance(study), ("class", "muted"));
        foreach (string column in study.Columns)
            WriteColumn(markup, study, column);
        markup.EndPage();
        return markup.ToString();
    }

    private static void WriteColumn(MarkupBuilder markup, StudyResult study, string column)
    {
        markup.BeginSection(column);
        WriteTable(markup, StudyTable.Quality(study, column));
        foreach (StudyTable table in StudyTable.Questions(study, column))
        {
            markup.Element("h3", table.Title, ("style", "margin-top:16px"));
            WriteTable(markup, table);
        }
        WriteMeans(markup, study, column, StudyMetric.HeldOutLoss, "Held-out loss after recovery");
        WriteMeans(markup, study, column, StudyMetric.ExactMatch, "Exact answers to arithmetic problems");
        WriteChains(markup, study, column);
        WriteCurves(markup, study, column);
        foreach (string arm in study.Arms)
            if (study.Of(column, arm).FirstOrDefault(run => run.Input.Trajectory.Count > 0) is { } run)
                WriteMask(markup, run);
        WriteTable(markup, StudyTable.Cost(study, column));
        markup.End();
    }

    private static void WriteTable(MarkupBuilder markup, StudyTable table) => markup.Table(table.Header, table.Rows);

    private static void WriteMeans(MarkupBuilder markup, StudyResult study, string column, StudyMetric metric, string title)
    {
        var points = study.Arms.Select(arm => (arm, study.Measure(metric, column, arm))).Where(point => point.Item2 is not null).ToArray();
        if (points.Length == 0)
            return;
        double factor = metric.Format.Factor;
        markup.BeginFigure(title);
        ErrorBars.Draw(markup, $"{title}: mean of every arm with its standard error", metric.Header,
            [.. points.Select(point => (point.arm, factor * point.Item2!.Value.Mean, factor * (point.Item2.Value.StandardError ?? 0)))]);
        markup.EndFigure("Points are means over seeds, lines one standard error to either side.");
    }

    private static void WriteChains(MarkupBuilder markup, StudyResult study, string column)
    {
        var (lengths, passes, majorities) = (ChainMetrics.Lengths(study), ChainMetrics.Passes(study), ChainMetrics.Majorities(study));
        if (lengths.Count > 0)
        {
            markup.BeginFigure("Accuracy against length");
            ChainsSection.DrawLengths(markup, Lines(study, column, lengths));
            markup.EndFigure("Means over seeds, vertical lines one standard error to either side.");
        }
        if (passes.Count == 0)
            return;
        markup.Begin("div", ("class", "pair"));
        foreach (var (title, metrics) in (ReadOnlySpan<(string, IReadOnlyList<(int, StudyMetric)>)>)[("pass@k", passes), ("maj@k", majorities)])
        {
            markup.BeginFigure(title);
            ChainsSection.DrawTries(markup, title, Lines(study, column, metrics));
            markup.EndFigure("Means over seeds, vertical lines one standard error to either side.");
        }
        markup.End();
    }

    /// <summary>A line for the teacher and one for each arm, over what each metric is measured at.</summary>
    private static IEnumerable<ChartSeries> Lines(StudyResult study, string column, IReadOnlyList<(int At, StudyMetric Metric)> metrics) =>
    [
        Line("teacher", "teacher", metrics, metric => study.MeasureTeacher(metric, column)),
        .. study.Arms.Select((arm, index) => Line(arm, $"s{index % ReportStyle.SeriesColours}", metrics, metric => study.Measure(metric, column, arm))),
    ];

    private static ChartSeries Line(string name, string style, IReadOnlyList<(int At, StudyMetric Metric)> metrics, Func<StudyMetric, Statistic?> measure)
    {
        var points = metrics.Select(entry => (entry.At, entry.Metric.Format.Factor, Value: measure(entry.Metric))).Where(point => point.Value is not null).ToArray();
        return new ChartSeries(name, style, [.. points.Select(point => ((double)point.At, point.Factor * point.Value!.Value.Mean))])
        {
            Errors = [.. points.Select(point => point.Factor * (point.Value!.Value.StandardError ?? 0))],
        };
    }

    private static void WriteCurves(MarkupBuilder markup, StudyResult study, string column)
    {
        ChartSeries[] series =
        [
            .. study.Arms.Select((arm, index) => (Arm: arm, Index: index, Points: Curve(study.Of(column, arm))))
                .Where(line => line.Points.Count > 0)
                .Select(line => new ChartSeries(line.Arm, $"s{line.Index % ReportStyle.SeriesColours}", line.Points)),
        ];
        if (series.Length == 0)
            return;
        markup.BeginFigure("Training loss");
        new LineChart
        {
            Description = "Training loss of every arm over search and recovery, mean over seeds",
            XTitle = "step",
            YTitle = "loss, nats",
            Width = 1056,
            Height = 340,
            Series = series,
        }.Draw(markup);
        markup.EndFigure("Mean over seeds of the loss that each arm trains on; arms with different objectives do not compare.");
    }

    private static List<(double X, double Y)> Curve(IEnumerable<StudyRun> runs) =>
    [
        .. runs.SelectMany(run => run.Input.SearchMetrics.Concat<MetricsPoint>(run.Input.DistillMetrics))
            .GroupBy(point => point.Step)
            .OrderBy(step => step.Key)
            .Select(step => ((double)step.Key, step.Average(point => point.Loss))),
    ];

    private static void WriteMask(MarkupBuilder markup, StudyRun run)
    {
        markup.BeginFigure($"{run.Arm}: layers kept over the steps of the search, seed {run.Seed}");
        new MaskMap { Steps = [.. run.Input.Trajectory.Select(point => point.Step)], Kept = [.. run.Input.Trajectory.Select(point => point.Kept)] }.Draw(markup);
        markup.EndFigure();
    }
}
