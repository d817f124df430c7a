namespace E3Scale.Evaluation.Studies;

/// <summary>One table of a study as text cells: a row per arm, a column per metric.</summary>
/// <param name="Title">Head of the table.</param>
/// <param name="Header">Names of the columns.</param>
/// <param name="Rows">Cells, the row's name first.</param>
public sealed record StudyTable(string Title, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    private const string TeacherRow = "teacher";

    /// <summary>Quality of every arm in one column of the study, under the teacher's.</summary>
    public static StudyTable Quality(StudyResult study, string column)
    {
        StudyMetric[] metrics = [.. StudyMetric.Quality.Where(study.Has)];
        string[] teacher = [TeacherRow, .. metrics.Select(metric => metric.OfTeacher is null ? "" : metric.Format.Text(study.MeasureTeacher(metric, column))), ""];
        return new StudyTable(
            column,
            ["", .. metrics.Select(metric => metric.Header), "layers dropped"],
            [teacher, .. study.Arms.Select(arm => (string[])[.. Row(study, column, arm, metrics), DroppedLayers(study.Of(column, arm))])]);
    }

    /// <summary>What every arm took in one column of the study.</summary>
    public static StudyTable Cost(StudyResult study, string column)
    {
        StudyMetric[] metrics = [.. StudyMetric.Cost.Where(study.Has)];
        return new StudyTable(
            column,
            ["", .. metrics.Select(metric => metric.Header)],
            [.. study.Arms.Select(arm => Row(study, column, arm, metrics))]);
    }

    private static string[] Row(StudyResult study, string column, string arm, StudyMetric[] metrics) =>
        [arm, .. metrics.Select(metric => metric.Format.Text(study.Measure(metric, column, arm)))];

    // Seeds that agree are named once.
    private static string DroppedLayers(IEnumerable<StudyRun> runs) => string.Join("; ", runs
        .Where(run => run.Input.Mask is not null)
        .Select(run => string.Join(" ", run.Input.Mask!.Dropped))
        .CountBy(layers => layers)
        .Select(choice => choice.Value > 1 ? $"{choice.Key} (x{choice.Value})" : choice.Key));
}
