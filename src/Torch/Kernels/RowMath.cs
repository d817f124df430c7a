using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace E3Scale.Kernels;

/// <summary>Vectorised passes over one row of float32 logits: maximum, exponential sums, softmax gradients.</summary>
/// <remarks>
/// All work is done in 16 lanes with fused multiply-adds, whatever the width of the machine's registers, and lanes are
/// added in a fixed order: the same row gives the same bits on every x64 machine. Exponentials are summed in float32 over blocks
/// of 4096 entries and in float64 across blocks, so the error of a sum does not grow with the vocabulary.
/// </remarks>
public static class RowMath
{
    private const int Lanes = 16;
    private const int BlockLength = 4096;
    private const float SmallestExponent = -87.33f; // exp of less is not a normal float32

    /// <summary>e^x to 1.2e-7 relative; 0 below -87.33, NaN stays NaN.</summary>
    /// <param name="x">16 exponents of at most 88; larger ones give any value.</param>
    /// <remarks>
    /// e^x = 2^n e^r with n = round(x / ln 2) and |r| &lt;= ln(2) / 2. ln 2 is taken off in two parts, the first of which has so few
    /// bits that n times it is exact. The Taylor series to r^7 leaves 5e-9; what remains is rounding. Half the time of
    /// Vector512.Exp, which computes in float64.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        Vector512<float> n = Vector512.Round(x * Vector512.Create(1.4426950f));
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.1219444e-4f), r);
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(1f / 5040), r, Vector512.Create(1f / 720));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 120));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512<float>.One;
        // 2^n by its exponent bits. Lanes out of int's range are NaN in p already or set to 0 below, so the fast conversion will do.
        Vector512<float> power = ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(SmallestExponent)), Vector512<float>.Zero, p * power);
    }

    /// <summary>The same as <see cref="Exp(Vector512{float})"/>, and the same bits, in as many lanes as the machine's registers have.</summary>
    /// <param name="x">Exponents of at most 88; larger ones give any value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        Vector<float> n = Vector.Round(x * new Vector<float>(1.4426950f));
        Vector<float> r = Vector.FusedMultiplyAdd(n, new Vector<float>(-0.693359375f), x);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(2.1219444e-4f), r);
        Vector<float> p = Vector.FusedMultiplyAdd(new Vector<float>(1f / 5040), r, new Vector<float>(1f / 720));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1f / 120));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1f / 24));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1f / 6));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(0.5f));
        p = Vector.FusedMultiplyAdd(p, r * r, r) + Vector<float>.One;
        Vector<float> power = Vector.AsVectorSingle((Vector.ConvertToInt32Native(n) + new Vector<int>(127)) << 23);
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(SmallestExponent)), Vector<float>.Zero, p * power);
    }

    /// <summary>Largest entry of a row; negative infinity for an empty row. NaN entries are passed over.</summary>
    /// <param name="row">The row, any length.</param>
    public static float Max(ReadOnlySpan<float> row)
    {
        ref float start = ref MemoryMarshal.GetReference(row);
        Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= row.Length - Lanes; i += Lanes)
        {
            Vector512<float> values = Vector512.LoadUnsafe(ref start, (nuint)i);
            largest = Vector512.ConditionalSelect(Vector512.GreaterThan(values, largest), values, largest);
        }
        float result = float.NegativeInfinity;
        for (int lane = 0; lane < Lanes; lane++)
            result = largest[lane] > result ? largest[lane] : result;
        for (; i < row.Length; i++)
            result = row[i] > result ? row[i] : result;
        return result;
    }

    /// <summary>Index of the largest entry; the lowest one of equals.</summary>
    /// <param name="row">At least one number.</param>
    public static int ArgMax(ReadOnlySpan<float> row) => row.IndexOf(Max(row));

    /// <summary>Sum of exp(row - max) over the row.</summary>
    /// <param name="row">The row, any length.</param>
    /// <param name="max">Its largest entry, finite.</param>
    public static double SumExp(ReadOnlySpan<float> row, float max)
    {
        double sum = 0;
        for (int start = 0; start < row.Length; start += BlockLength)
        {
            ReadOnlySpan<float> block = row.Slice(start, Math.Min(BlockLength, row.Length - start));
            Vector512<float> lanes = Vector512<float>.Zero;
            for (int i = 0; i < block.Length; i += Lanes)
                lanes += Exp(Load(block, i) - Vector512.Create(max));
            sum += SumLanes(lanes);
        }
        return sum;
    }

    /// <summary>Sums over the row of e = exp(row - max) and of e (row - max), in one pass.</summary>
    /// <param name="row">The row, any length, no infinities.</param>
    /// <param name="max">Its largest entry.</param>
    /// <returns>With Sum = s and Weighted = t, the log-sum-exp is max + ln s and the entropy of the softmax ln s - t / s.</returns>
    public static (double Sum, double Weighted) SumExpAndWeighted(ReadOnlySpan<float> row, float max)
    {
        double sum = 0, weighted = 0;
        for (int start = 0; start < row.Length; start += BlockLength)
        {
            ReadOnlySpan<float> block = row.Slice(start, Math.Min(BlockLength, row.Length - start));
            Vector512<float> sumLanes = Vector512<float>.Zero, weightedLanes = Vector512<float>.Zero;
            for (int i = 0; i < block.Length; i += Lanes)
            {
                Vector512<float> shifted = Load(block, i) - Vector512.Create(max);
                Vector512<float> e = Exp(shifted);
                sumLanes += e;
                // An entry whose e is 0 adds nothing; said outright because padding and masked logits have 0 times infinity here.
                weightedLanes += Vector512.ConditionalSelect(
                    Vector512.Equals(e, Vector512<float>.Zero), Vector512<float>.Zero, e * shifted);
            }
            sum += SumLanes(sumLanes);
            weighted += SumLanes(weightedLanes);
        }
        return (sum, weighted);
    }

    /// <summary>ln of the sum of exp over the row; negative infinity for an empty row or one of negative infinities.</summary>
    /// <param name="row">The row, any length.</param>
    public static double LogSumExp(ReadOnlySpan<float> row)
    {
        float max = Max(row);
        return float.IsNegativeInfinity(max) ? double.NegativeInfinity : max + Math.Log(SumExp(row, max));
    }

    /// <summary>output = factor exp(row - shift): with the row's log-sum-exp as shift, a softmax times a factor.</summary>
    /// <param name="row">The row, any length.</param>
    /// <param name="shift">Taken off every entry; at least about the largest one.</param>
    /// <param name="factor">Multiplies every exponential.</param>
    /// <param name="output">Receives the result, as long as the row; may be the row itself.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ScaledExp(ReadOnlySpan<float> row, double shift, double factor, Span<float> output)
    {
        if (output.Length != row.Length)
            throw new ArgumentException($"{output.Length} places for a row of {row.Length}", nameof(output));
        // The shift in two floats: logits far from 0 would otherwise lose its last bits.
        float coarse = (float)shift;
        Vector512<float> coarseShift = Vector512.Create(coarse), fineShift = Vector512.Create((float)(shift - coarse));
        Vector512<float> factors = Vector512.Create((float)factor);
        ref float target = ref MemoryMarshal.GetReference(output);
        int i = 0;
        for (; i <= row.Length - Lanes; i += Lanes)
            (Exp(Load(row, i) - coarseShift - fineShift) * factors).StoreUnsafe(ref target, (nuint)i);
        if (i < row.Length)
        {
            Vector512<float> last = Exp(Load(row, i) - coarseShift - fineShift) * factors;
            for (int lane = 0; i < row.Length; lane++, i++)
                output[i] = last[lane];
        }
    }

    /// <summary>target += factor source, each entry for itself.</summary>
    /// <param name="source">The row, any length.</param>
    /// <param name="factor">Multiplies it.</param>
    /// <param name="target">Is added to; as long as the row.</param>
    public static void AddScaled(ReadOnlySpan<float> source, float factor, Span<float> target)
    {
        var sourceLanes = MemoryMarshal.Cast<float, Vector<float>>(source);
        var targetLanes = MemoryMarshal.Cast<float, Vector<float>>(target);
        var factors = new Vector<float>(factor);
        for (int i = 0; i < sourceLanes.Length; i++)
            targetLanes[i] = Vector.FusedMultiplyAdd(sourceLanes[i], factors, targetLanes[i]);
        for (int i = sourceLanes.Length * Vector<float>.Count; i < source.Length; i++)
            target[i] += source[i] * factor;
    }

    /// <summary>target = factor source.</summary>
    /// <param name="source">The row, any length.</param>
    /// <param name="factor">Multiplies it.</param>
    /// <param name="target">Receives the product, as long as the row; may be the row itself.</param>
    public static void Scale(ReadOnlySpan<float> source, float factor, Span<float> target)
    {
        var sourceLanes = MemoryMarshal.Cast<float, Vector<float>>(source);
        var targetLanes = MemoryMarshal.Cast<float, Vector<float>>(target);
        for (int i = 0; i < sourceLanes.Length; i++)
            targetLanes[i] = sourceLanes[i] * factor;
        for (int i = sourceLanes.Length * Vector<float>.Count; i < source.Length; i++)
            target[i] = source[i] * factor;
    }

    // 16 entries from i on; past the end of the row negative infinity, whose exponential is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(ReadOnlySpan<float> row, int i)
    {
        if (i <= row.Length - Lanes)
            return Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row), (nuint)i);
        return LoadPadded(row[i..]);
    }

    private static Vector512<float> LoadPadded(ReadOnlySpan<float> rest)
    {
        Span<float> padded = stackalloc float[Lanes];
        padded.Fill(float.NegativeInfinity);
        rest.CopyTo(padded);
        return Vector512.Create<float>(padded);
    }

    private static double SumLanes(Vector512<float> lanes)
    {
        double sum = 0;
        for (int lane = 0; lane < Lanes; lane++)
            sum += lanes[lane];
        return sum;
    }
}
