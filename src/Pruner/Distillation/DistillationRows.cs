using E3Scale.Kernels;

namespace E3Scale.Pruner.Distillation;

/// <summary>Divergences and gradients of single tokens; holds memory for one at a time: the student's row and the k stored entries.</summary>
/// <param name="batch">The teacher's side.</param>
/// <param name="student">Student logits.</param>
/// <param name="first">Which token of the batch the first row is.</param>
internal sealed class DistillationRows(DistillationBatch batch, TensorRows student, int first = 0)
{
    private readonly float[] _row = new float[batch.Form == DistillationForm.TopKRenormalised ? 0 : student.Width];
    private readonly double[] _teacher = new double[batch.K];
    private readonly double[] _student = new double[batch.K];
    private readonly double[] _gradient = new double[batch.K];

    /// <summary>The student's log-sum-exp over all ids that are not stored; 0 for the form that does not need it.</summary>
    public double RestLogSumExp(int token)
    {
        if (_row.Length == 0)
            return 0;
        student.Read(token - first, _row);
        // Masked rather than subtracted from the full sum: a student peaked on the stored ids would cancel.
        foreach (int id in batch.IdsOf(token))
            _row[id] = float.NegativeInfinity;
        return RowMath.LogSumExp(_row);
    }

    /// <summary>Divergence of a token; leaves its gradient at the stored ids in the scratch memory.</summary>
    public TokenDivergence Divergence(int token, double restLogSumExp)
    {
        batch.ReadTeacher(token, _teacher);
        ReadOnlySpan<int> ids = batch.IdsOf(token);
        for (int i = 0; i < ids.Length; i++)
            _student[i] = student[token - first, ids[i]];
        return TokenDivergence.Compute(batch.Form, _teacher, batch.LogSumExp[token], _student, restLogSumExp, _gradient);
    }

    /// <summary>Writes a whole row of the gradient, which may be the row of the logits.</summary>
    public void WriteGradient(int token, double restLogSumExp, double scale, TensorRows gradient)
    {
        if (scale == 0)
        {
            _row.AsSpan().Clear();
            gradient.Write(token - first, _row);
            return;
        }
        double restScale = Divergence(token, restLogSumExp).RestGradient * scale;
        student.Read(token - first, _row);
        RowMath.ScaledExp(_row, restLogSumExp, restScale, _row);
        ReadOnlySpan<int> ids = batch.IdsOf(token);
        for (int i = 0; i < ids.Length; i++)
            _row[ids[i]] = (float)(_gradient[i] * scale);
        gradient.Write(token - first, _row);
    }

    /// <summary>Writes the k entries of a row of zeros.</summary>
    public void WriteTopGradient(int token, double scale, TensorRows gradient)
    {
        Divergence(token, 0);
        ReadOnlySpan<int> ids = batch.IdsOf(token);
        for (int i = 0; i < ids.Length; i++)
            gradient[token - first, ids[i]] = (float)(_gradient[i] * scale);
    }
}
