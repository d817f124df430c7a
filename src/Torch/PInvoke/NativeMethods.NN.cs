using System.Runtime.InteropServices;

namespace TorchSharp.PInvoke;

internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int e3t_nn_linear(TensorHandle input, TensorHandle weight, TensorHandle bias, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_rows_product_(TensorHandle to, TensorHandle from, TensorHandle weight,
        [MarshalAs(UnmanagedType.Bool)] bool transposed, long start, long count, [MarshalAs(UnmanagedType.Bool)] bool add);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_embedding(TensorHandle weight, TensorHandle indices, long paddingIdx,
        [MarshalAs(UnmanagedType.Bool)] bool scaleGradByFreq, [MarshalAs(UnmanagedType.Bool)] bool sparse, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_embedding_renorm_(TensorHandle weight, TensorHandle indices, double maxNorm, double normType);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_cross_entropy(TensorHandle input, TensorHandle target, TensorHandle weight, long reduction,
        long ignoreIndex, double labelSmoothing, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_nll_loss(TensorHandle input, TensorHandle target, TensorHandle weight, long reduction,
        long ignoreIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_kl_div(TensorHandle input, TensorHandle target, long reduction,
        [MarshalAs(UnmanagedType.Bool)] bool logTarget, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_mse_loss(TensorHandle input, TensorHandle target, long reduction, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_one_hot(TensorHandle self, long numClasses, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_dropout(TensorHandle input, double p, [MarshalAs(UnmanagedType.Bool)] bool training,
        out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_layer_norm(TensorHandle input, ReadOnlySpan<long> normalizedShape, int normalizedShapeCount,
        TensorHandle weight, TensorHandle bias, double eps, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_nn_scaled_dot_product_attention(TensorHandle query, TensorHandle key, TensorHandle value,
        TensorHandle mask, double dropout, [MarshalAs(UnmanagedType.Bool)] bool causal, out TensorHandle result);
}
