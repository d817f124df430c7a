using E3Scale.Kernels;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: n = tokens of a block, V = vocabulary.

/// <summary>The distillation loss of a form that needs the student's whole vocabulary, a block of tokens at a time; equals <see cref="DistillationLoss"/>.</summary>
/// <param name="batch">The teacher's side.</param>
internal sealed class DistillationHeadLoss(DistillationBatch batch) : IHeadLoss
{
    public double Evaluate(int first, Tensor logits_nV, double scale, bool withGradient)
    {
        var student = new TensorRows(logits_nV);
        double[] loss_n = new double[student.Count];
        RowLoop.Run((int)student.Count, () => new DistillationRows(batch, student, first), (rows, n) =>
        {
            int token = first + n;
            double weight = scale * batch.Weights[token], rest = weight == 0 ? 0 : rows.RestLogSumExp(token);
            if (weight != 0)
                loss_n[n] = weight * rows.Divergence(token, rest).Value;
            if (withGradient)
                rows.WriteGradient(token, rest, weight, student);
        });
        return loss_n.Sum();
    }

    public ReadOnlySpan<int> SingleIds(int position) => batch.Weights[position] == 0 ? [] : batch.IdsOf(position);

    public (double Loss, double RestGradient) Evaluate(int position, ReadOnlySpan<double> picked, double restLogSumExp, double scale, Span<double> gradient)
    {
        if (picked.IsEmpty)
            return (0, 0);
        Span<double> teacher = picked.Length <= 64 ? stackalloc double[picked.Length] : new double[picked.Length];
        batch.ReadTeacher(position, teacher);
        var divergence = TokenDivergence.Compute(batch.Form, teacher, batch.LogSumExp[position], picked, restLogSumExp, gradient);
        double weight = scale * batch.Weights[position];
        foreach (ref double value in gradient)
            value *= weight;
        return (weight * divergence.Value, weight * divergence.RestGradient);
    }
}
