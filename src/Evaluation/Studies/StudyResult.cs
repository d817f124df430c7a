namespace E3Scale.Evaluation.Studies;

/// <summary>The runs of a study that are finished, and how they are arranged.</summary>
public sealed record StudyResult
{
    /// <summary>What the study shows.</summary>
    public required string Title { get; init; }

    /// <summary>Command that makes it again.</summary>
    public required string Command { get; init; }

    /// <summary>Version and commit of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Blocks of the table, in order.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Rows of the table, in order.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <summary>Seeds of every row.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>Finished runs.</summary>
    public required IReadOnlyList<StudyRun> Runs { get; init; }

    /// <summary>Runs that are still to be made, or failed.</summary>
    public int Missing => Columns.Count * Arms.Count * Seeds.Count - Runs.Count;

    /// <summary>The runs of one cell of the table.</summary>
    public IEnumerable<StudyRun> Of(string column, string arm) => Runs.Where(run => run.Column == column && run.Arm == arm);

    /// <summary>A metric of one cell, over seeds.</summary>
    /// <returns>Null where no run has it.</returns>
    public Statistic? Measure(StudyMetric metric, string column, string arm) => Over(Of(column, arm), metric.OfRun);

    /// <summary>A metric of the teacher, over the seeds of a column: each has its own held-out problems.</summary>
    /// <returns>Null where no run has it.</returns>
    public Statistic? MeasureTeacher(StudyMetric metric, string column) => metric.OfTeacher is { } ofTeacher
        ? Over(Runs.Where(run => run.Column == column).DistinctBy(run => run.Seed), ofTeacher)
        : null;

    /// <summary>Whether any finished run has a metric.</summary>
    public bool Has(StudyMetric metric) => Runs.Any(run => metric.OfRun(run) is not null);

    private static Statistic? Over(IEnumerable<StudyRun> runs, Func<StudyRun, double?> value) =>
        Statistic.Of(runs.Select(value).OfType<double>());
}
