using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.MoE;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>The mask over the steps of the search.</summary>
internal static class SearchSection
{
    public static void Write(MarkupBuilder markup, ReportInput input)
    {
        markup.BeginSection("Mask search");
        if (input.Trajectory.Count == 0)
        {
            markup.Note("There is no search/trajectory.jsonl: the search stage has not run, or the layers were chosen by a method without steps.");
            markup.End();
            return;
        }
        PruningUnits units = input.Mask?.Units ?? input.Importance?.Units ?? PruningUnits.Layers;
        string counted = units == PruningUnits.Branches ? "branches" : "layers";
        if (input.Mask?.Refinement is { } refined)
            markup.Note(
                $"{(refined.At == "end" ? "After the last" : "Before the first")} step the loss chose among {refined.Candidates} masks, and {refined.Exchanges} exchanges of two {counted} made it better: " +
                $"{refined.Loss:F4} nats, {refined.LossByScores:F4} with the largest scores.");
        WriteScores(markup, input.Trajectory, units);
        markup.BeginFigure($"Kept {counted}");
        new MaskMap { Steps = [.. input.Trajectory.Select(point => point.Step)], Kept = [.. input.Trajectory.Select(point => point.Kept)] }.Draw(markup);
        markup.EndFigure($"The mask without noise: the {counted} with the largest scores, as many as the schedule keeps at that step; in the last step what the search came to." +
            (units == PruningUnits.Branches ? " Two rows for each layer: attention, MLP." : ""));
        markup.Begin("div", ("class", "pair"));
        WriteLine(markup, input.Trajectory, "Temperature", "temperature", point => point.Temperature);
        WriteLine(markup, input.Trajectory, $"Dropped {counted}", counted, point => point.Dropped);
        markup.End().End();
    }

    private static void WriteScores(MarkupBuilder markup, IReadOnlyList<TrajectoryPoint> trajectory, PruningUnits units)
    {
        var last = trajectory[^1];
        markup.BeginFigure("Scores");
        // Kept layers first, so that the dropped ones are drawn on top.
        var layers = Enumerable.Range(0, last.Scores.Count).OrderByDescending(layer => last.Kept[layer]);
        new LineChart
        {
            Description = "Score of every layer, or branch, over the steps of the search",
            XTitle = "step of the search",
            YTitle = "score",
            Width = 1056,
            Height = 340,
            Series = [.. layers.Select(layer => Series(trajectory, units, layer).Thinned(150))],
        }.Draw(markup);
        markup.EndFigure("One line for each, larger means keep; what is dropped carries its index at the right. Point at a line for its name.");
    }

    private static ChartSeries Series(IReadOnlyList<TrajectoryPoint> trajectory, PruningUnits units, int layer)
    {
        bool kept = trajectory[^1].Kept[layer] != 0;
        return new ChartSeries(kept ? "kept at the end" : "dropped at the end", kept ? "kept" : "dropped",
            [.. trajectory.Select(point => ((double)point.Step, point.Scores[layer]))])
        {
            EndLabel = kept ? null : UnitLabel.Of(units, layer),
            Tooltip = $"{units.Describe(layer)}: from {trajectory[0].Scores[layer]:G4} to {trajectory[^1].Scores[layer]:G4}",
        };
    }

    private static void WriteLine(
        MarkupBuilder markup, IReadOnlyList<TrajectoryPoint> trajectory, string title, string yTitle, Func<TrajectoryPoint, double> value)
    {
        markup.BeginFigure(title);
        new LineChart
        {
            Description = $"{title} over the steps of the search",
            XTitle = "step of the search",
            YTitle = yTitle,
            IncludeZero = true,
            Height = 220,
            Series = [new ChartSeries(title, "student", [.. trajectory.Select(point => ((double)point.Step, value(point)))])],
        }.Draw(markup);
        markup.EndFigure();
    }
}
