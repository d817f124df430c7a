using E3Scale.MoE;

namespace E3Scale.Evaluation.Report.RunFiles;

/// <summary>The file <c>search/mask.json</c>: which layers the search kept.</summary>
public sealed record MaskFile
{
    /// <summary>Layers of the teacher, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Indices of the layers that stay.</summary>
    public required IReadOnlyList<int> Kept { get; init; }

    /// <summary>Indices of the layers that go.</summary>
    public required IReadOnlyList<int> Dropped { get; init; }

    /// <summary>What scores and trajectory have an entry for; layers in files that do not say.</summary>
    public PruningUnits Units { get; init; }

    /// <summary>Layers that stay with one of their branches.</summary>
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>Layers that could not go; null in files that do not say.</summary>
    public IReadOnlyList<int>? Protected { get; init; }

    /// <summary>Final score of every layer, or branch.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];

    /// <summary>How the loss chose a mask; null where it did not.</summary>
    public RefinementFile? Refinement { get; init; }

    /// <summary>Method that chose, for example <c>e3-pruner</c>.</summary>
    public string Method { get; init; } = "";

    /// <summary>Positions that training went through.</summary>
    public long Tokens { get; init; }

    /// <summary>Positions that went forward without training, each by the share of the layers it met.</summary>
    public double ForwardTokens { get; init; }

    /// <summary>Positions that went forward and backward while no weight changed for good.</summary>
    public double GradientTokens { get; init; }
}
