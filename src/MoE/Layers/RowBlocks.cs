using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: n = rows, O = outputs, I = inputs.

/// <summary>
/// Products of bfloat16 matrices with a few row counts instead of every one. oneDNN compiles code for each shape it meets and keeps it in a cache; the
/// rows that reach an expert differ from step to step, and compiling them anew took a third of a training step (measured).
/// </summary>
internal static class RowBlocks
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 16;

    /// <summary>
    /// Pieces of rows for products that write row by row, in ascending order of the rows: one whole number of blocks, which runs over into rows behind that are written
    /// later, or, where there are too few of them, whole blocks and the rest. Other types have one piece.
    /// </summary>
    /// <param name="value_R">Tells type and device; not read.</param>
    /// <param name="start">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="end">Behind the last row that there is.</param>
    /// <remarks>A product of the rest alone would prepare the weights once more, a tenth of an expert's time (measured).</remarks>
    public static IEnumerable<(long Start, long Count)> Of(Tensor value_R, long start, long count, long end)
    {
        if (!IsCompiledByShape(value_R))
            return [(start, count)];
        long rest = count % BlockRows, whole = count - rest;
        if (rest == 0 || start + whole + BlockRows <= end)
            return [(start, rest == 0 ? whole : whole + BlockRows)];
        return whole == 0 ? [(start, rest)] : [(start, whole), (start + whole, rest)];
    }

    /// <summary>dy^T x, the gradient of a weight, over rows filled up with zeros to whole blocks: these add nothing.</summary>
    /// <param name="dy_nO">Gradient of the outputs.</param>
    /// <param name="x_nI">The inputs.</param>
    /// <param name="sum">Takes it; null returns it.</param>
    /// <returns>[O, I], owned by the current dispose scope; null where the sum has it.</returns>
    public static Tensor? WeightGradient(Tensor dy_nO, Tensor x_nI, GradientSum? sum)
    {
        using var scope = NewDisposeScope();
        var (dy_On, filled_nI) = (Filled(dy_nO).t(), Filled(x_nI));
        if (sum is null)
            return dy_On.mm(filled_nI).MoveToOuterDisposeScope();
        sum.AddProduct(dy_On, filled_nI);
        return null;
    }

    /// <summary>Rows filled up with zeros to whole blocks where shapes are compiled; else the rows as they are.</summary>
    /// <param name="value_n">[n, ...].</param>
    public static Tensor Filled(Tensor value_n)
    {
        long rows = value_n.shape[0];
        if (!IsCompiledByShape(value_n) || rows % BlockRows == 0)
            return value_n;
        var filled_n = empty([rows - rows % BlockRows + BlockRows, value_n.shape[1]], dtype: value_n.dtype);
        filled_n.narrow(0, 0, rows).copy_(value_n);
        filled_n.narrow(0, rows, filled_n.shape[0] - rows).zero_();
        return filled_n;
    }

    private static bool IsCompiledByShape(Tensor value) => value.dtype == ScalarType.BFloat16 && value.device_type == DeviceType.CPU;
}
