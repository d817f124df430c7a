using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>Training curves of search and distillation, one after the other.</summary>
internal static class TrainingSection
{
    public static void Write(MarkupBuilder markup, ReportInput input)
    {
        markup.BeginSection("Training");
        if (input.SearchMetrics.Count == 0)
            markup.Note("There is no search/metrics.jsonl: the search stage has not run, or did not train.");
        if (input.DistillMetrics.Count == 0)
            markup.Note("There is no distill/metrics.jsonl: the distill stage has not run, or the recipe asks for no recovery.");
        if (input.SearchMetrics.Count + input.DistillMetrics.Count > 0)
        {
            markup.Begin("div", ("class", "pair"));
            WriteCurve(markup, input, "Loss", "training loss, nats", point => point.Loss);
            WriteCurve(markup, input, "Learning rate", "learning rate", point => point.LearningRate, includeZero: true);
            if (input.SearchMetrics.Concat(input.DistillMetrics).Any(point => point.GradNorm is not null))
                WriteCurve(markup, input, "Gradient norm", "norm before clipping", point => point.GradNorm ?? double.NaN, includeZero: true);
            markup.End();
        }
        markup.End();
    }

    private static void WriteCurve(
        MarkupBuilder markup, ReportInput input, string title, string yTitle, Func<MetricsPoint, double> value, bool includeZero = false)
    {
        // Each stage counts its own steps; a distillation that goes on counting is left as it is.
        long searchEnd = input.SearchMetrics.Count > 0 ? input.SearchMetrics[^1].Step : 0;
        long offset = input.DistillMetrics.Count > 0 && input.DistillMetrics[0].Step <= searchEnd ? searchEnd : 0;
        bool both = input.SearchMetrics.Count > 0 && input.DistillMetrics.Count > 0;
        markup.BeginFigure(title);
        new LineChart
        {
            Description = $"{title} over the steps of search and distillation",
            XTitle = "optimiser step",
            YTitle = yTitle,
            IncludeZero = includeZero,
            Marks = both ? [(searchEnd, "mask fixed")] : [],
            Series =
            [
                new ChartSeries("search", "dropped", [.. input.SearchMetrics.Select(point => ((double)point.Step, value(point)))]),
                new ChartSeries("distillation", "student", [.. input.DistillMetrics.Select(point => ((double)(point.Step + offset), value(point)))]),
            ],
        }.Draw(markup);
        markup.EndFigure();
    }
}
