using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Studies;

/// <summary>Benchmark tasks as metrics: the figure of each that the paper reports, and their mean.</summary>
internal static class TaskMetrics
{
    /// <summary>Those that any run of a study has, in the order they were asked for; the mean last, where there are several.</summary>
    public static IReadOnlyList<StudyMetric> Of(StudyResult study)
    {
        TaskResult[] tasks = [.. study.Runs.SelectMany(run => run.Input.Summary?.Student.Tasks ?? []).DistinctBy(result => result.Task)];
        StudyMetric[] metrics =
        [
            .. tasks.Select(task => StudyMetric.OfModels(
                $"task_{task.Task}", $"{task.Task} ({task.Metric}), %", StudyFormat.Percent,
                model => model.Tasks?.FirstOrDefault(result => result.Task == task.Task)?.Headline)),
        ];
        // A mean over other tasks than the rest has would not compare.
        return metrics.Length < 2 ? metrics :
        [
            .. metrics,
            StudyMetric.OfModels("task_average", "average, %", StudyFormat.Percent,
                model => model.Tasks?.Count == tasks.Length ? model.Tasks.Average(result => result.Headline) : null),
        ];
    }
}
