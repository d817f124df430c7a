namespace E3Scale.Sharding.RankProgram;

/// <summary>What a probe said about the weights of a model, the same on every mesh if sharding is right.</summary>
internal sealed record ProbeRecord
{
    /// <summary>Sums of |w dL/dw| of each layer.</summary>
    public required double[] Taylor { get; init; }

    /// <summary>Sums of |w| of each layer.</summary>
    public required double[] Magnitude { get; init; }
}
