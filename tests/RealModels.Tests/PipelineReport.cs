using System.Globalization;

namespace E3Scale.RealModels.Tests;

/// <summary>Collects the runs that went well and, if a file is asked for, writes a table of them after each.</summary>
public sealed class PipelineReport
{
    private readonly List<PipelineResult> _results = [];

    internal void Add(PipelineResult result)
    {
        _results.Add(result);
        if (PipelineCases.ReportFile is not { } path)
            return;
        File.WriteAllLines(path,
        [
            "| model | mesh | ends may go | layers dropped | inserted layers found " +
            "| loss teacher | loss pruned | loss student | same first choice as teacher | seconds |",
            "| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
            .. _results.Select(Row),
        ]);
    }

    private static string Row(PipelineResult result)
    {
        string found = result.Inserted.Count == 0 ? "-" : result.ProtectsEnds ? "all but the last, which stays" : "all";
        return string.Create(CultureInfo.InvariantCulture,
            $"| {result.Model} | {result.Mesh} | {(result.ProtectsEnds ? "no" : "yes")} | {string.Join(", ", result.Dropped)} | {found} | " +
            $"{result.TeacherLoss:F4} | {result.PrunedLoss:F4} | {result.StudentLoss:F4} | {100 * result.Agreement:F1} % | {result.Seconds:F0} |");
    }
}
