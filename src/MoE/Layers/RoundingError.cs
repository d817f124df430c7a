using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>What rounding weights to a smaller type changed, over all that were rounded.</summary>
public sealed class RoundingError
{
    // Elements compared at once, so that the largest weights need no copies of their size.
    private const long PieceElements = 1L << 22;

    /// <summary>Sum of (rounded - exact)^2.</summary>
    public double SquaredError { get; private set; }

    /// <summary>Sum of exact^2 over the weights that were rounded; 0 when none was.</summary>
    public double SquaredNorm { get; private set; }

    /// <summary>Largest |rounded - exact|, in the weights' own unit.</summary>
    public double Largest { get; private set; }

    /// <summary>Root of <see cref="SquaredError"/> over <see cref="SquaredNorm"/>, dimensionless; 0 when nothing was rounded.</summary>
    public double RelativeRms => SquaredNorm > 0 ? Math.Sqrt(SquaredError / SquaredNorm) : 0;

    /// <summary>Counts one weight.</summary>
    /// <param name="exact">float32, contiguous.</param>
    /// <param name="rounded">The same after rounding, contiguous, float32 or narrower.</param>
    internal void Add(Tensor exact, Tensor rounded)
    {
        using var scope = NewDisposeScope();
        Tensor flatExact = exact.detach().view(-1), flatRounded = rounded.detach().view(-1);
        for (long start = 0, count; start < flatExact.shape[0]; start += count)
        {
            count = Math.Min(PieceElements, flatExact.shape[0] - start);
            using var pieceScope = NewDisposeScope();
            var piece = flatExact.narrow(0, start, count);
            var error = (flatRounded.narrow(0, start, count).to_type(ScalarType.Float32) - piece).abs();
            Add(error.square().sum(ScalarType.Float64).item<double>(), piece.square().sum(ScalarType.Float64).item<double>(), error.max().item<float>());
        }
    }

    /// <summary>Counts sums made elsewhere, for example by another rank.</summary>
    /// <param name="squaredError">Sum of (rounded - exact)^2.</param>
    /// <param name="squaredNorm">Sum of exact^2.</param>
    /// <param name="largest">Largest |rounded - exact|.</param>
    internal void Add(double squaredError, double squaredNorm, double largest)
    {
        SquaredError += squaredError;
        SquaredNorm += squaredNorm;
        Largest = Math.Max(Largest, largest);
    }
}
