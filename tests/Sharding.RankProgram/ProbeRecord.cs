namespace E3Scale.Sharding.RankProgram;

/// <summary>What a probe said about the weights of a model, the same on every mesh if sharding is right.</summary>
internal sealed record ProbeRecord
{
    /// <summary>Sums of |w dL/dw| of each layer.</summary>
    public required double[] Taylor { get; init; }

    /// <summary>Sums of |w| of each layer.</summary>
    public required double[] Magnitude { get; init; }

    /// <summary>Divergence of a gated model, and its slope by each gate.</summary>
    public required double[] GatedKl { get; init; }

    /// <summary>Divergence of the model without each branch of its layers.</summary>
    public required double[] WithoutBranches { get; init; }

    /// <summary>Divergence of a model without a layer after three steps of training.</summary>
    public required double Trained { get; init; }
}
