using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.Kernels;

public static partial class SwiGlu
{
    private const int PieceLength = 8192; // its inputs and results stay in the nearest caches

    /// <summary>silu(gate) * up; bfloat16 is computed in float32 and rounded once.</summary>
    /// <param name="gate">Any shape.</param>
    /// <param name="up">The same shape and type.</param>
    /// <returns>The same shape and type, contiguous.</returns>
    public static Tensor Forward(Tensor gate, Tensor up)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(up);
        if (!IsFused(gate))
            return F.silu(gate) * up;
        using var scope = NewDisposeScope();
        Tensor gates = gate.contiguous(), ups = up.contiguous(), result = empty_like(gates);
        var (g, u, r) = (Address(gates), Address(ups), Address(result));
        InPieces(gates, (start, count) =>
        {
            if (gates.dtype == ScalarType.Float32)
                Forward(Piece<float>(g, start, count), Piece<float>(u, start, count), Piece<float>(r, start, count));
            else
                Forward(Piece<ushort>(g, start, count), Piece<ushort>(u, start, count), Piece<ushort>(r, start, count));
        });
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Gradients of gate and up for the gradient of <see cref="Forward(Tensor, Tensor)"/>'s result.</summary>
    /// <param name="gate">Any shape.</param>
    /// <param name="up">The same shape and type.</param>
    /// <param name="gradient">Of the result.</param>
    public static (Tensor Gate, Tensor Up) Backward(Tensor gate, Tensor up, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(up);
        ArgumentNullException.ThrowIfNull(gradient);
        using var scope = NewDisposeScope();
        if (!IsFused(gate))
        {
            var sigmoid = gate.sigmoid();
            return (
                (gradient * up * sigmoid * (gate * (1 - sigmoid) + 1)).MoveToOuterDisposeScope(),
                (gradient * gate * sigmoid).MoveToOuterDisposeScope());
        }
        Tensor gates = gate.contiguous(), ups = up.contiguous(), gradients = gradient.contiguous(), byGate = empty_like(gates), byUp = empty_like(gates);
        var (g, u, d, bg, bu) = (Address(gates), Address(ups), Address(gradients), Address(byGate), Address(byUp));
        InPieces(gates, (start, count) =>
        {
            if (gates.dtype == ScalarType.Float32)
                Backward(
                    Piece<float>(g, start, count), Piece<float>(u, start, count), Piece<float>(d, start, count), Piece<float>(bg, start, count),
                    Piece<float>(bu, start, count));
            else
                Backward(
                    Piece<ushort>(g, start, count), Piece<ushort>(u, start, count), Piece<ushort>(d, start, count), Piece<ushort>(bg, start, count),
                    Piece<ushort>(bu, start, count));
        });
        return (byGate.MoveToOuterDisposeScope(), byUp.MoveToOuterDisposeScope());
    }

    private static bool IsFused(Tensor value) =>
        value.device_type == DeviceType.CPU && value.dtype is ScalarType.Float32 or ScalarType.BFloat16 && value.numel() > 0;

    private static void InPieces(Tensor value, Action<long, int> work)
    {
        long length = value.numel();
        RowLoop.Run(
            checked((int)((length + PieceLength - 1) / PieceLength)), () => 0,
            (_, piece) => work((long)piece * PieceLength, (int)Math.Min(PieceLength, length - (long)piece * PieceLength)), fewestRowsPerThread: 4);
    }

    private static unsafe nint Address(Tensor contiguous) => (nint)TensorMemory.Pointer(contiguous);

    private static unsafe Span<T> Piece<T>(nint address, long start, int count)
        where T : unmanaged => new((T*)address + start, count);
}
