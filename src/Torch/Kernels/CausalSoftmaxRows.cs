using System.Numerics;
using System.Runtime.InteropServices;

namespace E3Scale.Kernels;

// Shape suffixes in this file: R = rows (queries, head after head), S = keys.

/// <summary>
/// Scale, causal mask and softmax of attention scores and their gradient, each in one pass over memory and in place. Equals
/// <c>(scale * scores.to(float32) + mask).softmax(-1).to(scores.dtype)</c> with minus infinity in the mask wherever a query may not look.
/// </summary>
/// <remarks>
/// Keys that a query does not see are not read. Lanes of Vector&lt;float&gt; run along S, the remainder is scalar; rows are shared out among threads.
/// </remarks>
/// <param name="queriesPerHead">Consecutive rows that belong to one head: rows i, i + queriesPerHead, ... see the same keys.</param>
/// <param name="diagonal">The last key that the first query of a head sees; each further one sees one more.</param>
/// <param name="window">Keys that a query sees at most, the nearest ones; null for all up to its last.</param>
/// <param name="scale">Factor on the scores.</param>
public sealed class CausalSoftmaxRows(int queriesPerHead, int diagonal, int? window, float scale)
{
    /// <summary>Turns scores into weights.</summary>
    /// <param name="scores_RS">Scores; overwritten with weights that are 0 where a query does not look, and else sum to 1.</param>
    public void Forward(TensorRows scores_RS)
    {
        ArgumentNullException.ThrowIfNull(scores_RS);
        int width = scores_RS.Width;
        RowLoop.Run((int)scores_RS.Count, () => new float[width], (scratch, row) =>
        {
            Span<float> row_S = scores_RS.Edit(row, scratch);
            var (first, end) = Seen(row, width);
            Softmax(row_S[first..end]);
            row_S[..first].Clear();
            row_S[end..].Clear();
            scores_RS.Commit(row, row_S);
        });
    }

    /// <summary>Turns the gradient of the weights into that of the scores: scale * w * (g - sum(g w)).</summary>
    /// <param name="weights_RS">What <see cref="Forward"/> made.</param>
    /// <param name="gradient_RS">Gradient of the weights; overwritten.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void Backward(TensorRows weights_RS, TensorRows gradient_RS)
    {
        ArgumentNullException.ThrowIfNull(weights_RS);
        ArgumentNullException.ThrowIfNull(gradient_RS);
        int width = weights_RS.Width;
        if (gradient_RS.Width != width || gradient_RS.Count != weights_RS.Count)
            throw new ArgumentException($"a gradient of {gradient_RS.Count} rows of {gradient_RS.Width} for weights of {weights_RS.Count} rows of {width}");
        RowLoop.Run((int)weights_RS.Count, () => (Weights: new float[width], Gradient: new float[width]), (scratch, row) =>
        {
            ReadOnlySpan<float> weights_S = weights_RS.View(row, scratch.Weights);
            Span<float> gradient_S = gradient_RS.Edit(row, scratch.Gradient);
            var (first, end) = Seen(row, width);
            SoftmaxGradient(weights_S[first..end], gradient_S[first..end]);
            gradient_S[..first].Clear();
            gradient_S[end..].Clear();
            gradient_RS.Commit(row, gradient_S);
        });
    }

    private (int First, int End) Seen(int row, int keys)
    {
        int end = Math.Min(diagonal + row % queriesPerHead + 1, keys);
        return (window is { } most ? Math.Max(0, end - most) : 0, end);
    }

    private void Softmax(Span<float> scores)
    {
        var lanes = MemoryMarshal.Cast<float, Vector<float>>(scores);
        int rest = lanes.Length * Vector<float>.Count;

        var largest = new Vector<float>(float.NegativeInfinity);
        for (int i = 0; i < lanes.Length; i++)
            largest = Vector.Max(largest, lanes[i] * scale);
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
            max = MathF.Max(max, largest[lane]);
        for (int i = rest; i < scores.Length; i++)
            max = MathF.Max(max, scores[i] * scale);

        var sums = Vector<float>.Zero;
        var shift = new Vector<float>(max);
        for (int i = 0; i < lanes.Length; i++)
        {
            lanes[i] = RowMath.Exp(lanes[i] * scale - shift);
            sums += lanes[i];
        }
        float sum = Vector.Sum(sums);
        for (int i = rest; i < scores.Length; i++)
            sum += scores[i] = MathF.Exp(scores[i] * scale - max);

        float inverse = 1 / sum;
        for (int i = 0; i < lanes.Length; i++)
            lanes[i] *= inverse;
        for (int i = rest; i < scores.Length; i++)
            scores[i] *= inverse;
    }

    private void SoftmaxGradient(ReadOnlySpan<float> weights, Span<float> gradient)
    {
        var weightLanes = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var gradientLanes = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        int rest = weightLanes.Length * Vector<float>.Count;
        var sums = Vector<float>.Zero;
        for (int i = 0; i < weightLanes.Length; i++)
            sums = Vector.FusedMultiplyAdd(weightLanes[i], gradientLanes[i], sums);
        float mean = Vector.Sum(sums);
        for (int i = rest; i < weights.Length; i++)
            mean += weights[i] * gradient[i];

        var means = new Vector<float>(mean);
        for (int i = 0; i < weightLanes.Length; i++)
            gradientLanes[i] = weightLanes[i] * scale * (gradientLanes[i] - means);
        for (int i = rest; i < weights.Length; i++)
            gradient[i] = weights[i] * scale * (gradient[i] - mean);
    }
}
