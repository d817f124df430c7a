namespace E3Scale.Pruner.Methods.Clp;

/// <summary>How CLP's gate looks for its place. The paper gives no numbers; these are ours.</summary>
public sealed record ClpGateOptions
{
    /// <summary>Steps, each a forward and a backward pass over all calibration text. Default 40.</summary>
    public int Steps { get; init; } = 40;

    /// <summary>Slope of the gate's sides at the first step, per layer: low, so that the gate feels layers far from its place. Default 0.5.</summary>
    public double InitialSlope { get; init; } = 0.5;

    /// <summary>Slope at the last step; in between it grows geometrically. At the default, 8, a gate inside the segment is 0.04 at most.</summary>
    public double FinalSlope { get; init; } = 8;
}
