using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace E3Scale.Kernels;

/// <summary>Eight float64 numbers that are worked on together, as two halves of four.</summary>
/// <remarks>
/// Halves, because a machine without AVX-512 takes Vector512 apart in memory, at one and a half times the time; lanes are added in a fixed order, so
/// the width of the registers does not show in the result.
/// </remarks>
internal readonly struct DoubleLanes(Vector256<double> lower, Vector256<double> upper)
{
    /// <summary>How many.</summary>
    public const int Count = 8;

    private readonly Vector256<double> _lower = lower, _upper = upper;

    public static DoubleLanes operator +(DoubleLanes a, DoubleLanes b) => new(a._lower + b._lower, a._upper + b._upper);

    public static DoubleLanes operator -(DoubleLanes a, DoubleLanes b) => new(a._lower - b._lower, a._upper - b._upper);

    public static DoubleLanes operator *(DoubleLanes a, DoubleLanes b) => new(a._lower * b._lower, a._upper * b._upper);

    public static DoubleLanes operator *(DoubleLanes a, double b) => new(a._lower * b, a._upper * b);

    /// <summary>Eight numbers of a row from i on, less an offset; past its end a number whose exponential is 0 and whose differences are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes Load(ReadOnlySpan<float> row, int i, double offset)
    {
        if (i > row.Length - Count)
            return LoadPadded(row[i..], offset);
        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row), (nuint)i));
        Vector256<double> offsets = Vector256.Create(offset);
        return new DoubleLanes(lower - offsets, upper - offsets);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes Exp(DoubleLanes x) => new(Vector256.Exp(x._lower), Vector256.Exp(x._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes Log(DoubleLanes x) => new(Vector256.Log(x._lower), Vector256.Log(x._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes Max(DoubleLanes x, double least) =>
        new(Vector256.Max(x._lower, Vector256.Create(least)), Vector256.Max(x._upper, Vector256.Create(least)));

    /// <summary>Their sum.</summary>
    public double Sum() => Vector256.Sum(_lower) + Vector256.Sum(_upper);

    private static DoubleLanes LoadPadded(ReadOnlySpan<float> rest, double offset)
    {
        const double FarBelow = -1e6;
        Span<double> padded = stackalloc double[Count];
        padded.Fill(FarBelow);
        for (int j = 0; j < rest.Length; j++)
            padded[j] = rest[j] - offset;
        return new DoubleLanes(Vector256.Create<double>(padded), Vector256.Create<double>(padded[4..]));
    }
}
