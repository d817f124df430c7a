using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: N = rows, H = width, C = chunks of rows.

/// <summary>
/// Root-mean-square norm (Zhang and Sennrich 2019) of rows and its gradient, each in one pass over memory. Equals
/// <c>(x.to(float32) * (x.to(float32).square().mean(-1, keepdim: true) + epsilon).rsqrt()).to(x.dtype) * weight</c>.
/// </summary>
/// <remarks>Lanes of Vector&lt;float&gt; run along H; the remainder is scalar. Rows are shared out among threads, sums over rows have a fixed order.</remarks>
public static class RmsNormRows
{
    private const int RowsPerChunk = 64; // of the weight's gradient: partial sums of chunks are added in order, whatever thread made them

    /// <summary>Normalises.</summary>
    /// <param name="x_NH">The rows.</param>
    /// <param name="weight_H">Weight, [H].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y_NH">Receives the result, of the rows' type.</param>
    /// <param name="inverse_N">Receives 1 / sqrt(mean(x^2) + epsilon) of every row, [N]: what the backward pass needs.</param>
    public static void Forward(TensorRows x_NH, float[] weight_H, double epsilon, TensorRows y_NH, float[] inverse_N)
    {
        ArgumentNullException.ThrowIfNull(x_NH);
        ArgumentNullException.ThrowIfNull(y_NH);
        ArgumentNullException.ThrowIfNull(inverse_N);
        Check(x_NH, weight_H, inverse_N);
        int width = x_NH.Width;
        RowLoop.Run((int)x_NH.Count, () => new Scratch(width), (scratch, n) =>
        {
            var x_H = x_NH.View(n, scratch.Input);
            float inverse = 1 / MathF.Sqrt((float)(Dot(x_H, x_H) / width + epsilon));
            inverse_N[n] = inverse;
            Scale(x_H, inverse, scratch.Output);
            if (x_NH.IsBFloat16) // the published code rounds before the weight, and so after it
            {
                BFloat16Rows.Narrow(scratch.Output, scratch.Rounded);
                BFloat16Rows.Widen(scratch.Rounded, scratch.Output);
            }
            Multiply(scratch.Output, weight_H, scratch.Output);
            y_NH.Write(n, scratch.Output);
        });
    }

    /// <summary>Gradients.</summary>
    /// <param name="gradient_NH">Of the result.</param>
    /// <param name="x_NH">The rows.</param>
    /// <param name="weight_H">Weight, [H].</param>
    /// <param name="inverse_N">From the forward pass.</param>
    /// <param name="byX_NH">Receives the gradient of the rows; null where it is not needed.</param>
    /// <param name="byWeight_H">Receives the gradient of the weight, [H]; null where it is not needed.</param>
    public static void Backward(TensorRows gradient_NH, TensorRows x_NH, float[] weight_H, float[] inverse_N, TensorRows? byX_NH, float[]? byWeight_H)
    {
        ArgumentNullException.ThrowIfNull(gradient_NH);
        ArgumentNullException.ThrowIfNull(x_NH);
        ArgumentNullException.ThrowIfNull(inverse_N);
        Check(x_NH, weight_H, inverse_N);
        int rows = (int)x_NH.Count, width = x_NH.Width, chunks = (rows + RowsPerChunk - 1) / RowsPerChunk;
        var sums_CH = new float[byWeight_H is null ? 0 : chunks * width];
        RowLoop.Run(chunks, () => new Scratch(width), (scratch, chunk) =>
        {
            for (int n = chunk * RowsPerChunk; n < Math.Min(rows, (chunk + 1) * RowsPerChunk); n++)
            {
                ReadOnlySpan<float> x_H = x_NH.View(n, scratch.Input), gradient_H = gradient_NH.View(n, scratch.Gradient);
                float inverse = inverse_N[n];
                if (byWeight_H is not null)
                    AddProduct(gradient_H, x_H, inverse, sums_CH.AsSpan(chunk * width, width));
                if (byX_NH is null)
                    continue;
                // With g = gradient * weight: inverse g - x inverse^3 mean(g x).
                Multiply(gradient_H, weight_H, scratch.Output);
                float pull = (float)(Dot(scratch.Output, x_H) * inverse * inverse * inverse / width);
                Combine(scratch.Output, inverse, x_H, -pull, scratch.Output);
                byX_NH.Write(n, scratch.Output);
            }
        }, fewestRowsPerThread: 1);
        if (byWeight_H is null)
            return;
        byWeight_H.AsSpan().Clear();
        for (int chunk = 0; chunk < chunks; chunk++)
            for (int h = 0; h < width; h++)
                byWeight_H[h] += sums_CH[chunk * width + h];
    }

    private static void Check(TensorRows x_NH, float[] weight_H, float[] inverse_N)
    {
        ArgumentNullException.ThrowIfNull(weight_H);
        if (weight_H.Length != x_NH.Width || inverse_N.Length != x_NH.Count)
            throw new ArgumentException($"{x_NH.Count} rows of {x_NH.Width} with a weight of {weight_H.Length} and {inverse_N.Length} inverses");
    }

    private static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var leftLanes = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rightLanes = MemoryMarshal.Cast<float, Vector<float>>(right);
        Vector<float> sum = Vector<float>.Zero, other = Vector<float>.Zero; // two sums, so that one addition need not wait for the one before
        int i = 0;
        for (; i + 1 < leftLanes.Length; i += 2)
        {
            sum = Vector.FusedMultiplyAdd(leftLanes[i], rightLanes[i], sum);
            other = Vector.FusedMultiplyAdd(leftLanes[i + 1], rightLanes[i + 1], other);
        }
        if (i < leftLanes.Length)
            sum = Vector.FusedMultiplyAdd(leftLanes[i], rightLanes[i], sum);
        double total = Vector.Sum(sum + other);
        for (i = leftLanes.Length * Vector<float>.Count; i < left.Length; i++)
            total += left[i] * right[i];
        return total;
    }

    private static void Scale(ReadOnlySpan<float> source, float factor, Span<float> target)
    {
        var lanes = MemoryMarshal.Cast<float, Vector<float>>(source);
        var targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        for (int i = 0; i < lanes.Length; i++)
            targets[i] = lanes[i] * factor;
        for (int i = lanes.Length * Vector<float>.Count; i < source.Length; i++)
            target[i] = source[i] * factor;
    }

    private static void Multiply(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target)
    {
        var leftLanes = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rightLanes = MemoryMarshal.Cast<float, Vector<float>>(right);
        var targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        for (int i = 0; i < leftLanes.Length; i++)
            targets[i] = leftLanes[i] * rightLanes[i];
        for (int i = leftLanes.Length * Vector<float>.Count; i < left.Length; i++)
            target[i] = left[i] * right[i];
    }

    /// <summary>target += factor * left * right.</summary>
    private static void AddProduct(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float factor, Span<float> target)
    {
        var leftLanes = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rightLanes = MemoryMarshal.Cast<float, Vector<float>>(right);
        var targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        for (int i = 0; i < leftLanes.Length; i++)
            targets[i] = Vector.FusedMultiplyAdd(leftLanes[i], rightLanes[i] * factor, targets[i]);
        for (int i = leftLanes.Length * Vector<float>.Count; i < left.Length; i++)
            target[i] += left[i] * (right[i] * factor);
    }

    /// <summary>target = leftFactor * left + rightFactor * right.</summary>
    private static void Combine(ReadOnlySpan<float> left, float leftFactor, ReadOnlySpan<float> right, float rightFactor, Span<float> target)
    {
        var leftLanes = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rightLanes = MemoryMarshal.Cast<float, Vector<float>>(right);
        var targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        var factors = new Vector<float>(rightFactor);
        for (int i = 0; i < leftLanes.Length; i++)
            targets[i] = Vector.FusedMultiplyAdd(rightLanes[i], factors, leftLanes[i] * leftFactor);
        for (int i = leftLanes.Length * Vector<float>.Count; i < left.Length; i++)
            target[i] = left[i] * leftFactor + right[i] * rightFactor;
    }

    /// <summary>Memory of a thread.</summary>
    private sealed class Scratch(int width)
    {
        public float[] Input { get; } = new float[width];

        public float[] Gradient { get; } = new float[width];

        public float[] Output { get; } = new float[width];

        public ushort[] Rounded { get; } = new ushort[width];
    }
}
