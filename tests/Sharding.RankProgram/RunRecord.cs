namespace E3Scale.Sharding.RankProgram;

/// <summary>What a training run was like, the same on every mesh if sharding is right.</summary>
internal sealed record RunRecord
{
    /// <summary>Loss of each step.</summary>
    public required double[] Losses { get; init; }

    /// <summary>Gradient norm of each step, before clipping.</summary>
    public required double[] GradientNorms { get; init; }

    /// <summary>For every rank, SHA-256 of its master weights and moments at the end.</summary>
    public required string[] StateHashes { get; init; }

    /// <summary>For every rank, how many more tensors were alive after the last step than after the first.</summary>
    public required long[] TensorGrowth { get; init; }

    /// <summary>Layer scores at the end of a search; empty for mere training.</summary>
    public double[] Scores { get; init; } = [];

    /// <summary>How far the search moved each score; empty for mere training.</summary>
    public double[] ScoreChange { get; init; } = [];

    /// <summary>Losses of masks as they are judged at the end of a search; empty for mere training.</summary>
    public double[] Judged { get; init; } = [];

    /// <summary>Layers that the search keeps; empty for mere training.</summary>
    public bool[] Kept { get; init; } = [];
}
