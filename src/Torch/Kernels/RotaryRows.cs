using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: R = rows (positions, head after head), D = rotated dims, P = D / 2 pairs, T = positions.

/// <summary>Rotary position embedding (Su et al. 2021) of rows, in one pass over memory: pair p of row r turns by the angle of position r mod T.</summary>
/// <remarks>Computed in float32. Rows are shared out among threads.</remarks>
/// <param name="cos_TP">Cosines of the angles, position after position.</param>
/// <param name="sin_TP">Their sines.</param>
/// <param name="pairs">P.</param>
/// <param name="isInterleaved">
/// Whether the two of a pair are neighbours in a row; else one is in the first half and one in the second. The rotated row has them in halves either way.
/// </param>
public sealed class RotaryRows(float[] cos_TP, float[] sin_TP, int pairs, bool isInterleaved)
{
    /// <summary>Rotates.</summary>
    /// <param name="x_RD">The rows.</param>
    /// <param name="positions">T; the tables have at least as many.</param>
    /// <param name="y_RD">Receives the rotated rows, pairs in halves; may be the input where it has them so.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public void Forward(TensorRows x_RD, int positions, TensorRows y_RD)
    {
        Check(x_RD, positions, y_RD);
        RowLoop.Run((int)x_RD.Count, () => new Scratch(2 * pairs), (scratch, row) =>
        {
            var x_D = x_RD.View(row, scratch.Input);
            if (isInterleaved)
            {
                for (int p = 0; p < pairs; p++)
                    (scratch.Halves[p], scratch.Halves[pairs + p]) = (x_D[2 * p], x_D[2 * p + 1]);
                x_D = scratch.Halves;
            }
            int angle = row % positions * pairs;
            Span<float> y_D = y_RD.Edit(row, scratch.Output, isOverwritten: true);
            Turn(x_D[..pairs], x_D[pairs..], cos_TP.AsSpan(angle, pairs), sin_TP.AsSpan(angle, pairs), 1, y_D);
            y_RD.Commit(row, y_D);
        });
    }

    /// <summary>Rotates gradients back.</summary>
    /// <param name="gradient_RD">Of the rotated rows.</param>
    /// <param name="positions">T.</param>
    /// <param name="byX_RD">Receives the gradient of the rows, pairs where they have them.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public void Backward(TensorRows gradient_RD, int positions, TensorRows byX_RD)
    {
        Check(gradient_RD, positions, byX_RD);
        RowLoop.Run((int)gradient_RD.Count, () => new Scratch(2 * pairs), (scratch, row) =>
        {
            var gradient_D = gradient_RD.View(row, scratch.Input);
            int angle = row % positions * pairs;
            Span<float> byX_D = byX_RD.Edit(row, scratch.Output, isOverwritten: true), halves_D = isInterleaved ? scratch.Halves : byX_D;
            Turn(gradient_D[..pairs], gradient_D[pairs..], cos_TP.AsSpan(angle, pairs), sin_TP.AsSpan(angle, pairs), -1, halves_D);
            if (isInterleaved)
            {
                for (int p = 0; p < pairs; p++)
                    (byX_D[2 * p], byX_D[2 * p + 1]) = (halves_D[p], halves_D[pairs + p]);
            }
            byX_RD.Commit(row, byX_D);
        });
    }

    /// <summary>(first, second) to (first cos - second sin, second cos + first sin), the sines times a sign.</summary>
    private static void Turn(
        ReadOnlySpan<float> first, ReadOnlySpan<float> second, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, float sign, Span<float> result)
    {
        Span<float> newFirst = result[..first.Length], newSecond = result[first.Length..];
        ReadOnlySpan<Vector<float>> firsts = MemoryMarshal.Cast<float, Vector<float>>(first), seconds = MemoryMarshal.Cast<float, Vector<float>>(second);
        ReadOnlySpan<Vector<float>> cosines = MemoryMarshal.Cast<float, Vector<float>>(cos), sines = MemoryMarshal.Cast<float, Vector<float>>(sin);
        Span<Vector<float>> newFirsts = MemoryMarshal.Cast<float, Vector<float>>(newFirst), newSeconds = MemoryMarshal.Cast<float, Vector<float>>(newSecond);
        for (int i = 0; i < firsts.Length; i++)
        {
            var turn = sines[i] * sign;
            newFirsts[i] = firsts[i] * cosines[i] - seconds[i] * turn;
            newSeconds[i] = seconds[i] * cosines[i] + firsts[i] * turn;
        }
        for (int i = firsts.Length * Vector<float>.Count; i < first.Length; i++)
        {
            float turn = sin[i] * sign;
            (newFirst[i], newSecond[i]) = (first[i] * cos[i] - second[i] * turn, second[i] * cos[i] + first[i] * turn);
        }
    }

    private void Check(TensorRows from_RD, int positions, TensorRows to_RD)
    {
        ArgumentNullException.ThrowIfNull(from_RD);
        ArgumentNullException.ThrowIfNull(to_RD);
        if (from_RD.Width != 2 * pairs || to_RD.Width != from_RD.Width || to_RD.Count != from_RD.Count)
            throw new ArgumentException($"{from_RD.Count} rows of {from_RD.Width} into {to_RD.Count} of {to_RD.Width}, with {pairs} pairs to rotate");
        if (positions < 1 || cos_TP.Length < positions * pairs || sin_TP.Length < positions * pairs)
            throw new ArgumentException($"{cos_TP.Length} cosines and {sin_TP.Length} sines for {positions} positions of {pairs} pairs", nameof(positions));
    }

    /// <summary>Memory of a thread.</summary>
    private sealed class Scratch(int width)
    {
        public float[] Input { get; } = new float[width];

        public float[] Halves { get; } = new float[width];

        public float[] Output { get; } = new float[width];
    }
}
