using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

/// <summary>The middle of a gated MLP (Shazeer 2020), silu(gate) * up, and its gradient, each in one pass over memory.</summary>
/// <remarks>
/// Equals <c>functional.silu(gate) * up</c> to 3e-7 relative. As many lanes as the machine's registers have, which does not show in the result: each
/// entry is computed for itself, and the last ones go through a padded copy, so that they take the same path.
/// </remarks>
public static partial class SwiGlu
{
    private static readonly int s_lanes = Vector<float>.Count;
    private const int BlockLength = 512; // widened entries at a time
    private const float LargestExponent = 87f; // exp(-x) stays finite; sigmoid(-87) is 1.6e-38

    /// <summary>result = silu(gate) * up.</summary>
    /// <param name="gate">Any length.</param>
    /// <param name="up">As long.</param>
    /// <param name="result">As long; may be one of the inputs.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Forward(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> result)
    {
        ThrowIfLengthsDiffer(gate.Length, up.Length, result.Length);
        int whole = gate.Length - gate.Length % s_lanes;
        ForwardLanes(gate[..whole], up[..whole], result[..whole]);
        if (whole < gate.Length)
        {
            Span<float> g = stackalloc float[s_lanes], u = stackalloc float[s_lanes];
            Pad(gate[whole..], g);
            Pad(up[whole..], u);
            ForwardLanes(g, u, g);
            g[..(gate.Length - whole)].CopyTo(result[whole..]);
        }
    }

    /// <summary>Gradients of gate and up for the gradient of silu(gate) * up.</summary>
    /// <param name="gate">Any length.</param>
    /// <param name="up">As long.</param>
    /// <param name="gradient">Of the result; as long.</param>
    /// <param name="gateGradient">Receives gradient * up * sigmoid(gate) (1 + gate (1 - sigmoid(gate))); may be one of the inputs.</param>
    /// <param name="upGradient">Receives gradient * silu(gate); may be another of the inputs.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Backward(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, ReadOnlySpan<float> gradient, Span<float> gateGradient, Span<float> upGradient)
    {
        ThrowIfLengthsDiffer(gate.Length, up.Length, gradient.Length);
        ThrowIfLengthsDiffer(gate.Length, gateGradient.Length, upGradient.Length);
        int whole = gate.Length - gate.Length % s_lanes;
        BackwardLanes(gate[..whole], up[..whole], gradient[..whole], gateGradient, upGradient);
        if (whole < gate.Length)
        {
            Span<float> g = stackalloc float[s_lanes], u = stackalloc float[s_lanes], d = stackalloc float[s_lanes];
            Pad(gate[whole..], g);
            Pad(up[whole..], u);
            Pad(gradient[whole..], d);
            BackwardLanes(g, u, d, g, u);
            g[..(gate.Length - whole)].CopyTo(gateGradient[whole..]);
            u[..(gate.Length - whole)].CopyTo(upGradient[whole..]);
        }
    }

    /// <summary>The same of bfloat16, given as its bits: computed in float32, rounded once.</summary>
    /// <inheritdoc cref="Forward(ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float})"/>
    public static void Forward(ReadOnlySpan<ushort> gate, ReadOnlySpan<ushort> up, Span<ushort> result)
    {
        ThrowIfLengthsDiffer(gate.Length, up.Length, result.Length);
        Span<float> gates = stackalloc float[BlockLength], ups = stackalloc float[BlockLength];
        for (int start = 0; start < gate.Length; start += BlockLength)
        {
            int count = Math.Min(BlockLength, gate.Length - start);
            Span<float> g = gates[..count], u = ups[..count];
            BFloat16Rows.Widen(gate.Slice(start, count), g);
            BFloat16Rows.Widen(up.Slice(start, count), u);
            Forward(g, u, g);
            BFloat16Rows.Narrow(g, result.Slice(start, count));
        }
    }

    /// <summary>The same of bfloat16, given as its bits: computed in float32, rounded once.</summary>
    /// <inheritdoc cref="Backward(ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float})"/>
    public static void Backward(
        ReadOnlySpan<ushort> gate, ReadOnlySpan<ushort> up, ReadOnlySpan<ushort> gradient, Span<ushort> gateGradient, Span<ushort> upGradient)
    {
        ThrowIfLengthsDiffer(gate.Length, up.Length, gradient.Length);
        ThrowIfLengthsDiffer(gate.Length, gateGradient.Length, upGradient.Length);
        Span<float> gates = stackalloc float[BlockLength], ups = stackalloc float[BlockLength], gradients = stackalloc float[BlockLength];
        for (int start = 0; start < gate.Length; start += BlockLength)
        {
            int count = Math.Min(BlockLength, gate.Length - start);
            Span<float> g = gates[..count], u = ups[..count], d = gradients[..count];
            BFloat16Rows.Widen(gate.Slice(start, count), g);
            BFloat16Rows.Widen(up.Slice(start, count), u);
            BFloat16Rows.Widen(gradient.Slice(start, count), d);
            Backward(g, u, d, g, u);
            BFloat16Rows.Narrow(g, gateGradient.Slice(start, count));
            BFloat16Rows.Narrow(u, upGradient.Slice(start, count));
        }
    }

    private static void ForwardLanes(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> result)
    {
        ReadOnlySpan<Vector<float>> gates = MemoryMarshal.Cast<float, Vector<float>>(gate), ups = MemoryMarshal.Cast<float, Vector<float>>(up);
        Span<Vector<float>> results = MemoryMarshal.Cast<float, Vector<float>>(result);
        for (int i = 0; i < gates.Length; i++)
            results[i] = gates[i] * Sigmoid(gates[i]) * ups[i];
    }

    private static void BackwardLanes(
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up, ReadOnlySpan<float> gradient, Span<float> gateGradient, Span<float> upGradient)
    {
        ReadOnlySpan<Vector<float>> gates = MemoryMarshal.Cast<float, Vector<float>>(gate), ups = MemoryMarshal.Cast<float, Vector<float>>(up);
        ReadOnlySpan<Vector<float>> gradients = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        Span<Vector<float>> byGate = MemoryMarshal.Cast<float, Vector<float>>(gateGradient), byUp = MemoryMarshal.Cast<float, Vector<float>>(upGradient);
        for (int i = 0; i < gates.Length; i++)
        {
            Vector<float> x = gates[i], dy = gradients[i], sigmoid = Sigmoid(x);
            var gradientOfGate = dy * ups[i] * sigmoid * (Vector<float>.One + x * (Vector<float>.One - sigmoid));
            byUp[i] = dy * x * sigmoid;
            byGate[i] = gradientOfGate;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Sigmoid(Vector<float> x)
    {
        var exponent = new Vector<float>(LargestExponent);
        // The select keeps a NaN, which Min would drop.
        var negative = -x;
        negative = Vector.ConditionalSelect(Vector.GreaterThan(negative, exponent), exponent, negative);
        return Vector<float>.One / (Vector<float>.One + RowMath.Exp(negative));
    }

    private static void Pad(ReadOnlySpan<float> rest, Span<float> padded)
    {
        padded.Clear();
        rest.CopyTo(padded);
    }

    private static void ThrowIfLengthsDiffer(int first, int second, int third)
    {
        if (first != second || first != third)
            throw new ArgumentException($"lengths {first}, {second} and {third}, expected equal ones");
    }
}
