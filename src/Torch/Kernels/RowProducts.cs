using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Kernels;

/// <summary>Products of some rows of a matrix, written to the same rows of another, in one call and without a graph: what an expert does with its rows.</summary>
public static class RowProducts
{
    /// <summary>y[start..start+count] = x[start..start+count] W^T, or added to what is there.</summary>
    /// <param name="x_RI">[R, I].</param>
    /// <param name="weight_OI">[O, I], of the same type.</param>
    /// <param name="y_RO">[R, O], of the same type; gives no gradient back.</param>
    /// <param name="start">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="add">Adds instead of overwriting; default false.</param>
    public static void Forward(Tensor x_RI, Tensor weight_OI, Tensor y_RO, long start, long count, bool add = false) =>
        Write(x_RI, weight_OI, transposed: true, y_RO, start, count, add);

    /// <summary>dx[start..start+count] = dy[start..start+count] W, or added to what is there: the gradient of <see cref="Forward"/>'s x.</summary>
    /// <param name="dy_RO">[R, O].</param>
    /// <param name="weight_OI">[O, I], of the same type.</param>
    /// <param name="dx_RI">[R, I], of the same type; gives no gradient back.</param>
    /// <param name="start">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="add">Adds instead of overwriting; default false.</param>
    public static void InputGradient(Tensor dy_RO, Tensor weight_OI, Tensor dx_RI, long start, long count, bool add = false) =>
        Write(dy_RO, weight_OI, transposed: false, dx_RI, start, count, add);

    private static void Write(Tensor from, Tensor weight, bool transposed, Tensor to, long start, long count, bool add)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(to);
#if TORCHSHARP_PACKAGE
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        to.narrow(0, start, count).addmm_(from.narrow(0, start, count), transposed ? weight.t() : weight, beta: add ? 1 : 0);
#else
        TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(TorchSharp.PInvoke.NativeMethods.e3t_nn_rows_product_(
            to.NativeHandle, from.NativeHandle, weight.NativeHandle, transposed, start, count, add));
#endif
    }
}
