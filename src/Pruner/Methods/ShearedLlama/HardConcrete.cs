namespace E3Scale.Pruner.Methods.ShearedLlama;

/// <summary>
/// The hard-concrete distribution of a gate (Louizos et al. 2018): a stretched, clipped sigmoid of logistic noise, which is 0 or 1 with a probability
/// of its own and has a slope between. Constants as in Sheared-LLaMA (arXiv 2310.06694). float64.
/// </summary>
public static class HardConcrete
{
    /// <summary>beta of the sigmoid, dimensionless.</summary>
    public const double Temperature = 2.0 / 3;

    /// <summary>What the sigmoid is stretched to before it is clipped to [0, 1].</summary>
    public const double Low = -0.1, High = 1.1;

    // P(z > 0) is kept away from 0 and 1, as in the published code.
    private const double ProbabilityMargin = 1e-6;
    private const double UniformMargin = 1e-6;

    // Sharpness of the gate that stands for the distribution once it is no longer sampled; published code.
    private const double Magnification = 0.8;

    /// <summary>Range of log alpha: parameters are clamped to -<see cref="LargestLogAlpha"/> .. <see cref="LargestLogAlpha"/>, ln 100.</summary>
    public static double LargestLogAlpha { get; } = Math.Log(100);

    /// <summary>Draws a gate.</summary>
    /// <param name="logAlpha">Location of the distribution; larger means more open.</param>
    /// <param name="uniform">A draw from U(0, 1).</param>
    /// <returns>The gate, 0..1, and its derivative by <paramref name="logAlpha"/>: 0 where it is clipped.</returns>
    public static (double Gate, double Slope) Sample(double logAlpha, double uniform)
    {
        double u = UniformMargin + (1 - 2 * UniformMargin) * uniform;
        double s = Sigmoid((Math.Log(u) - Math.Log(1 - u) + logAlpha) / Temperature);
        double stretched = s * (High - Low) + Low;
        return stretched switch
        {
            <= 0 => (0, 0),
            >= 1 => (1, 0),
            _ => (stretched, (High - Low) * s * (1 - s) / Temperature),
        };
    }

    /// <summary>Probability that a drawn gate is not 0.</summary>
    /// <param name="logAlpha">Location.</param>
    /// <returns>The probability, and its derivative by <paramref name="logAlpha"/>.</returns>
    public static (double Probability, double Slope) Open(double logAlpha)
    {
        double p = Sigmoid(logAlpha - Temperature * Math.Log(-Low / High));
        return p is > ProbabilityMargin and < 1 - ProbabilityMargin
            ? (p, p * (1 - p))
            : (Math.Clamp(p, ProbabilityMargin, 1 - ProbabilityMargin), 0);
    }

    /// <summary>The gate that stands for the distribution at the end: sigmoid(0.8 log alpha / beta).</summary>
    /// <param name="logAlpha">Location.</param>
    public static double Deterministic(double logAlpha) => Sigmoid(Magnification * logAlpha / Temperature);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
