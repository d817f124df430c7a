using static TorchSharp.torch;

namespace E3Scale.Kernels;

// Shape suffixes in this file: N = rows that are summed over, O = outputs, I = inputs.

/// <summary>
/// Where backward passes add the gradients of a parameter, instead of to its <c>grad</c>: memory of the caller's, in float32 also for a parameter in
/// bfloat16. Products of matrices are added as they are computed (<see cref="AddProduct"/>): no gradient of a single pass exists, and none is rounded.
/// </summary>
/// <remarks>
/// The "gradient accumulation fusion" of Megatron-LM. The first gradient after <see cref="Clear"/> is stored, not added, so that nobody has to write zeros
/// and read them again; until <see cref="Complete"/> the memory of a sum that no gradient reached has old numbers in it.
/// </remarks>
public sealed class GradientSum : IDisposable
{
#if TORCHSHARP_PACKAGE
    private readonly Tensor _parameter;

    public GradientSum(Tensor parameter, Tensor sum) => (_parameter, parameter.grad) = (parameter, sum);

    public void Add(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _parameter.grad!.add_(gradient);
    }

    public void AddProduct(Tensor left, Tensor right)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Add(left.mm(right));
    }

    public void Clear() => _parameter.grad!.zero_();

    public void Complete() { }

    public void Dispose() => _parameter.grad = null;
#else
    private readonly TorchSharp.PInvoke.GradientSumHandle _handle;

    /// <summary>From now on, and until it is disposed or another sum is made for the same parameter.</summary>
    /// <param name="parameter">A leaf that requires a gradient.</param>
    /// <param name="sum">The memory, of the same shape and on the same device; its numbers do not count. It is kept alive.</param>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">Not a leaf, or memory that does not fit.</exception>
    public GradientSum(Tensor parameter, Tensor sum)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(sum);
        TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(TorchSharp.PInvoke.NativeMethods.e3t_gradient_sum_new(parameter.NativeHandle, sum.NativeHandle, out _handle));
    }

    /// <summary>Adds a gradient.</summary>
    /// <param name="gradient">Of the sum's shape; bfloat16 is widened.</param>
    public void Add(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(TorchSharp.PInvoke.NativeMethods.e3t_gradient_sum_add(_handle, gradient.NativeHandle));
    }

    /// <summary>Adds the product of two matrices: for y = x W^T the gradient of W is dy^T x.</summary>
    /// <param name="left_ON">[O, N], float32 or bfloat16.</param>
    /// <param name="right_NI">[N, I], of the same type.</param>
    public void AddProduct(Tensor left_ON, Tensor right_NI)
    {
        ArgumentNullException.ThrowIfNull(left_ON);
        ArgumentNullException.ThrowIfNull(right_NI);
        TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(
            TorchSharp.PInvoke.NativeMethods.e3t_gradient_sum_add_product(_handle, left_ON.NativeHandle, right_NI.NativeHandle));
    }

    /// <summary>Forgets what was added; writes nothing.</summary>
    public void Clear() => TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(TorchSharp.PInvoke.NativeMethods.e3t_gradient_sum_clear(_handle));

    /// <summary>Makes the memory zeros if nothing was added to it; afterwards it is the sum.</summary>
    public void Complete() => TorchSharp.PInvoke.NativeStatus.ThrowIfFailed(TorchSharp.PInvoke.NativeMethods.e3t_gradient_sum_complete(_handle));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
#endif
}
