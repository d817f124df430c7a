namespace E3Scale.Evaluation.Report.RunFiles;

/// <summary>One line of <c>search/trajectory.jsonl</c>: the mask at a step of the search.</summary>
public sealed record TrajectoryPoint
{
    /// <summary>Optimiser step.</summary>
    public required long Step { get; init; }

    /// <summary>Temperature of the relaxation, dimensionless.</summary>
    public required double Temperature { get; init; }

    /// <summary>Layers, or branches, dropped at this step of the schedule.</summary>
    public required int Dropped { get; init; }

    /// <summary>Score of every layer, or branch.</summary>
    public required IReadOnlyList<double> Scores { get; init; }

    /// <summary>1 for a layer, or branch, that the scores keep, 0 for one they drop.</summary>
    public required IReadOnlyList<int> Kept { get; init; }
}
