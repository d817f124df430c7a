using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Kernels;

/// <summary>The memory of contiguous CPU tensors, for kernels written in C# and for buffers handed to MPI or files.</summary>
/// <remarks>Spans and pointers are valid while the tensor lives: keep it alive over their use (GC.KeepAlive).</remarks>
public static class TensorMemory
{
    /// <summary>The elements, in place. <typeparamref name="T"/> has the size of an element; bf16 reads as ushort.</summary>
    /// <exception cref="ArgumentException">The element size differs, or the tensor has more than 2 GiB.</exception>
    /// <exception cref="InvalidOperationException">The tensor is not contiguous, or not on the CPU.</exception>
    public static Span<T> AsSpan<T>(Tensor tensor) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (Unsafe.SizeOf<T>() != tensor.ElementSize)
            throw new ArgumentException(
                $"The tensor holds {tensor.dtype} of {tensor.ElementSize} bytes; {typeof(T).Name} has {Unsafe.SizeOf<T>()}.",
                nameof(tensor));
        return MemoryMarshal.Cast<byte, T>(tensor.bytes);
    }

    /// <summary>Zeros for a result of which few elements will be set: pages that nobody writes to cost neither time nor memory.</summary>
    /// <param name="like">Whose shape and type; on the CPU.</param>
    /// <returns>Contiguous, without a graph; the caller's.</returns>
    /// <remarks>zeros_like writes to all of its memory, which for large tensors the system has just handed out as zeros.</remarks>
    public static unsafe Tensor UntouchedZeros(Tensor like)
    {
        ArgumentNullException.ThrowIfNull(like);
#if TORCHSHARP_PACKAGE
        return zeros_like(like);
#else
        if (like.device_type != DeviceType.CPU || like.numel() == 0)
            return zeros_like(like);
        void* memory = NativeMemory.AllocZeroed((nuint)like.numel(), (nuint)like.ElementSize);
        delegate* unmanaged<nint, void> release = &Release;
        long[] shape = like.shape;
        int status = TorchSharp.PInvoke.NativeMethods.e3t_torch_from_blob((nint)memory, shape, shape.Length, false, (int)like.dtype, (nint)memory, (nint)release, out var result);
        return Tensor.Wrap(status, result);
#endif
    }

#if !TORCHSHARP_PACKAGE
    [UnmanagedCallersOnly]
    private static unsafe void Release(nint memory) => NativeMemory.Free((void*)memory);
#endif

    /// <summary>The address of the first element on whatever device the tensor is, for MPI libraries that take it; 0 for an empty tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not contiguous.</exception>
    /// <exception cref="NotSupportedException">The engine does not tell addresses on devices (the TorchSharp package).</exception>
    public static unsafe nint DeviceAddress(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.device_type == DeviceType.CPU)
            return (nint)Pointer(tensor);
        if (!tensor.is_contiguous())
            throw new InvalidOperationException("The tensor is not contiguous; call contiguous() first.");
#if TORCHSHARP_PACKAGE
        throw new NotSupportedException("TorchSharp does not tell where a tensor on a GPU is; set device_messages to staged.");
#else
        return tensor.DataPointer;
#endif
    }

    /// <summary>The address of the first element; null for an empty tensor. Works beyond 2 GiB too.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not contiguous, or not on the CPU.</exception>
    public static unsafe void* Pointer(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.device_type != DeviceType.CPU)
            throw new InvalidOperationException($"The tensor is on {tensor.device}; call cpu() first.");
        if (!tensor.is_contiguous())
            throw new InvalidOperationException("The tensor is not contiguous; call contiguous() first.");
        if (tensor.numel() == 0) return null;
        // bytes refuses tensors beyond a span's length, so it is asked for the first element only.
        using var flat = tensor.view(-1);
        using var first = flat.narrow(0, 0, 1);
        return Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }
}
