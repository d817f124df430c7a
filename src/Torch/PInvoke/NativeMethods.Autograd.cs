using System.Runtime.InteropServices;

namespace TorchSharp.PInvoke;

internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int e3t_autograd_requires_grad(TensorHandle self, [MarshalAs(UnmanagedType.Bool)] out bool result);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_set_requires_grad(TensorHandle self, [MarshalAs(UnmanagedType.Bool)] bool requiresGrad);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_is_leaf(TensorHandle self, [MarshalAs(UnmanagedType.Bool)] out bool result);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_retain_grad(TensorHandle self);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_grad_of(TensorHandle self, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_set_grad(TensorHandle self, TensorHandle grad);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_backward(ReadOnlySpan<nint> tensors, int tensorsCount, ReadOnlySpan<nint> grads,
        int gradsCount, int retainGraph, [MarshalAs(UnmanagedType.Bool)] bool createGraph, ReadOnlySpan<nint> inputs, int inputsCount);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_gradients(ReadOnlySpan<nint> outputs, int outputsCount, ReadOnlySpan<nint> inputs,
        int inputsCount, ReadOnlySpan<nint> grads, int gradsCount, int retainGraph, [MarshalAs(UnmanagedType.Bool)] bool createGraph,
        [MarshalAs(UnmanagedType.Bool)] bool allowUnused, out TensorListHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_set_detect_anomaly([MarshalAs(UnmanagedType.Bool)] bool enabled,
        [MarshalAs(UnmanagedType.Bool)] bool checkNan);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_is_anomaly_enabled([MarshalAs(UnmanagedType.Bool)] out bool enabled);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_set_callbacks(nint forward, nint backward, nint release);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_apply(ReadOnlySpan<nint> inputs, int inputsCount, nint state, out TensorListHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_push(nint list, TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_save_for_backward(nint context, ReadOnlySpan<nint> tensors, int tensorsCount);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_mark_dirty(nint context, ReadOnlySpan<nint> tensors, int tensorsCount);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_mark_non_differentiable(nint context, ReadOnlySpan<nint> tensors, int tensorsCount);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_set_materialize_grads(nint context, [MarshalAs(UnmanagedType.Bool)] bool value);

    [LibraryImport(Library)]
    internal static partial int e3t_autograd_saved_variables(nint context, out TensorListHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_new(TensorHandle parameter, TensorHandle sum, out GradientSumHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_free(nint handle);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_add(GradientSumHandle handle, TensorHandle gradient);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_add_product(GradientSumHandle handle, TensorHandle left, TensorHandle right);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_clear(GradientSumHandle handle);

    [LibraryImport(Library)]
    internal static partial int e3t_gradient_sum_complete(GradientSumHandle handle);
}
