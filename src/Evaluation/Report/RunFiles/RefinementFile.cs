namespace E3Scale.Evaluation.Report.RunFiles;

/// <summary>In <c>search/mask.json</c>, how the loss chose a mask before a search or at its end.</summary>
public sealed record RefinementFile
{
    /// <summary>When: <c>start</c> or <c>end</c>.</summary>
    public required string At { get; init; }

    /// <summary>Masks it was chosen from before any exchange.</summary>
    public required int Candidates { get; init; }

    /// <summary>Exchanges of two layers, or branches, that made it better.</summary>
    public required int Exchanges { get; init; }

    /// <summary>Loss under the mask of the largest scores.</summary>
    public required double LossByScores { get; init; }

    /// <summary>Loss under the mask that was chosen.</summary>
    public required double Loss { get; init; }
}
