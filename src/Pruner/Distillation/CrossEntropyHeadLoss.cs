using E3Scale.Kernels;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = positions, n = positions of a block, V = vocabulary.

/// <summary>Cross-entropy with the text, a block of positions at a time; equals <see cref="TokenCrossEntropy"/>.</summary>
/// <param name="label_N">Id of the right token, or <see cref="TokenCrossEntropy.Ignored"/>, [N].</param>
internal sealed class CrossEntropyHeadLoss(long[] label_N) : IHeadLoss
{
    private readonly int[] _single_N = Array.ConvertAll(label_N, label => (int)label);

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

    public ReadOnlySpan<int> SingleIds(int position) => _single_N.AsSpan(position, label_N[position] == TokenCrossEntropy.Ignored ? 0 : 1);

    public (double Loss, double RestGradient) Evaluate(int position, ReadOnlySpan<double> picked, double restLogSumExp, double scale, Span<double> gradient)
    {
        if (picked.IsEmpty)
            return (0, 0);
        double larger = Math.Max(picked[0], restLogSumExp);
        double logSumExp = larger + Math.Log(Math.Exp(picked[0] - larger) + Math.Exp(restLogSumExp - larger));
        double rest = scale * Math.Exp(restLogSumExp - logSumExp);
        gradient[0] = -rest;
        return (scale * (logSumExp - picked[0]), rest);
    }
}
