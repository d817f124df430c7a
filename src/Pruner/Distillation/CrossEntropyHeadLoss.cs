using E3Scale.Kernels;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = positions, n = positions of a block, V = vocabulary.

/// <summary>Cross-entropy with the text, a block of positions at a time; equals <see cref="TokenCrossEntropy"/>.</summary>
/// <param name="label_N">Id of the right token, or <see cref="TokenCrossEntropy.Ignored"/>, [N].</param>
internal sealed class CrossEntropyHeadLoss(long[] label_N) : IHeadLoss
{
    public double Evaluate(int first, Tensor logits_nV, double scale, bool withGradient)
    {
        var logits = new TensorRows(logits_nV);
        double[] loss_n = new double[logits.Count];
        RowLoop.Run((int)logits.Count, () => new float[logits.Width], (row, n) =>
        {
            long label = label_N[first + n];
            double logSumExp = 0;
            if (label != TokenCrossEntropy.Ignored)
            {
                logits.Read(n, row);
                logSumExp = RowMath.LogSumExp(row);
                loss_n[n] = scale * (logSumExp - row[label]);
            }
            if (withGradient)
                CrossEntropyRow.WriteGradient(row, label, logSumExp, scale, n, logits);
        });
        return loss_n.Sum();
    }
}
