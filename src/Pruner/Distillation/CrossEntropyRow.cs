using E3Scale.Kernels;

namespace E3Scale.Pruner.Distillation;

/// <summary>Gradient of cross-entropy with respect to the logits of one position: softmax minus one at the label.</summary>
internal static class CrossEntropyRow
{
    /// <summary>Writes it.</summary>
    /// <param name="row">The logits, [V]; overwritten.</param>
    /// <param name="label">Id of the right token, or <see cref="TokenCrossEntropy.Ignored"/> for a gradient of zeros.</param>
    /// <param name="logSumExp">Log-sum-exp of the row.</param>
    /// <param name="scale">Factor on the gradient.</param>
    /// <param name="index">Row of the matrix.</param>
    /// <param name="gradient">Receives it.</param>
    public static void WriteGradient(float[] row, long label, double logSumExp, double scale, long index, TensorRows gradient)
    {
        if (label == TokenCrossEntropy.Ignored)
        {
            row.AsSpan().Clear();
        }
        else
        {
            double right = scale * (Math.Exp(row[label] - logSumExp) - 1);
            RowMath.ScaledExp(row, logSumExp, scale, row);
            row[label] = (float)right;
        }
        gradient.Write(index, row);
    }
}
