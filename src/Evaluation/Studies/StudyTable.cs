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
        StudyTable table = OfModels(study, column, column, StudyMetric.Quality);
        return table with
        {
            Header = [.. table.Header, "layers dropped"],
            Rows = [[.. table.Rows[0], ""], .. study.Arms.Zip(table.Rows.Skip(1), (arm, row) => (string[])[.. row, DroppedLayers(study.Of(column, arm))])],
        };
    }

    /// <summary>What else was asked, in one column of the study: benchmark tasks, reasoning chains, several answers; each only where it was.</summary>
    public static IReadOnlyList<StudyTable> Questions(StudyResult study, string column) =>
    [
        .. new[]
        {
            OfModels(study, column, "Benchmark tasks", TaskMetrics.Of(study)),
            OfModels(
                study, column, $"Exact answers by steps of the reasoning chain{ChainMetrics.Problems(study)}",
                ChainMetrics.Lengths(study).Select(entry => entry.Metric)),
            OfModels(study, column, "Problems solved by one of k drawn answers", ChainMetrics.Passes(study).Select(entry => entry.Metric)),
            OfModels(
                study, column, "Problems solved by the most frequent of k drawn answers",
                ChainMetrics.Majorities(study).Select(entry => entry.Metric)),
        }.Where(table => table.Header.Count > 1),
    ];

    /// <summary>What every arm took in one column of the study.</summary>
    public static StudyTable Cost(StudyResult study, string column)
    {
        StudyMetric[] metrics = [.. CostMetrics.Of(study).Where(study.Has)];
        return new StudyTable(
            column,
            ["", .. metrics.Select(metric => metric.Header)],
            [.. study.Arms.Select(arm => Row(study, column, arm, metrics))]);
    }

    /// <summary>The teacher in the first row; metrics that no run has are left out.</summary>
    private static StudyTable OfModels(StudyResult study, string column, string title, IEnumerable<StudyMetric> metrics)
    {
        StudyMetric[] known = [.. metrics.Where(study.Has)];
        string[] teacher = [TeacherRow, .. known.Select(metric => metric.OfTeacher is null ? "" : metric.Format.Text(study.MeasureTeacher(metric, column)))];
        return new StudyTable(
            title, ["", .. known.Select(metric => metric.Header)], [teacher, .. study.Arms.Select(arm => Row(study, column, arm, known))]);
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
