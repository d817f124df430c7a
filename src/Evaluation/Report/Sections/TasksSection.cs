using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>Benchmark tasks; the section is left out when none was run.</summary>
internal static class TasksSection
{
    public static void Write(MarkupBuilder markup, ReportInput input)
    {
        if (input.Summary is not { Teacher.Tasks: { Count: > 0 } tasks } summary)
            return;
        markup.BeginSection("Benchmark tasks");
        var rows = tasks.Select(task => (IReadOnlyList<string>)
        [
            task.Task,
            task.Metric,
            ChartText.Count(task.Shots),
            ChartText.Count(task.Items),
            Share(task),
            Share(Find(summary.Pruned.Tasks, task)),
            Share(Find(summary.Student.Tasks, task)),
            ChartText.Fixed(summary.Student.TasksAgainstTeacher?.FirstOrDefault(other => other.Task == task.Task)?.PValue, 3),
        ]).ToList();
        markup.Table(["task", "figure", "shots", "items", "teacher", "pruned, not recovered", "student", "p, student against teacher"], rows);
        markup.Element("p", "± is one standard error. p: McNemar's exact test on the items that only one of the two answers rightly; small means a real difference.",
            ("class", "muted"), ("style", "margin-top:10px"));
        markup.End();
    }

    private static TaskResult? Find(IReadOnlyList<TaskResult>? results, TaskResult task) => results?.FirstOrDefault(other => other.Task == task.Task);

    private static string Share(TaskResult? result) =>
        result is null ? ChartText.Percent(null) : $"{ChartText.Percent(result.Headline)} ± {ChartText.Percent(result.HeadlineError)}";
}
