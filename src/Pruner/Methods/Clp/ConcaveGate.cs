namespace E3Scale.Pruner.Methods.Clp;

/// <summary>
/// CLP's concave gate (arXiv 2510.23652; the formula is ours, the paper's is not published in readable form): near 1 outside of a segment of n layers
/// that begins at a real-valued place a, near 0 inside, gate_l = 1 - (sigmoid(s (l - a + 1/2)) - sigmoid(s (l - a - n + 1/2))).
/// </summary>
/// <param name="Start">a, the first layer of the segment.</param>
/// <param name="Length">n, layers of the segment.</param>
/// <param name="Slope">s of its sides, per layer.</param>
internal readonly record struct ConcaveGate(double Start, int Length, double Slope)
{
    /// <summary>The gate of a layer, 0..1.</summary>
    public double At(int layer) => 1 - (Sigmoid(Left(layer)) - Sigmoid(Right(layer)));

    /// <summary>Derivative of <see cref="At"/> by <see cref="Start"/>.</summary>
    public double SlopeAt(int layer) => Slope * (Bell(Left(layer)) - Bell(Right(layer)));

    private double Left(int layer) => Slope * (layer - Start + 0.5);

    private double Right(int layer) => Slope * (layer - Start - Length + 0.5);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Bell(double x) => Sigmoid(x) * Sigmoid(-x);
}
