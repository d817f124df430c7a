using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, N = heads, T = positions, D = rotated dims, R = B * N * T.

/// <summary><see cref="RotaryRows"/> as an autograd function; keeps nothing of its input.</summary>
internal sealed class RotaryFunction : autograd.SingleTensorFunction<RotaryFunction>
{
    public override string Name => nameof(RotaryFunction);

    /// <summary>Whether the kernel can work on this tensor; others take the composed operations.</summary>
    public static bool Supports(Tensor x_BNTD) =>
        x_BNTD.device_type == DeviceType.CPU && x_BNTD.dtype is ScalarType.Float32 or ScalarType.BFloat16 &&
        x_BNTD.numel() > 0 && x_BNTD.numel() / x_BNTD.shape[3] < int.MaxValue;

    /// <summary>Arguments: x_BNTD, the <see cref="RotaryRows"/>. Returns [B, N, T, D].</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x_BNTD, kernel) = ((Tensor)vars[0], (RotaryRows)vars[1]);
        ctx.save_data(nameof(kernel), kernel);
        return Run(x_BNTD, kernel.Forward);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        [Run(grad_output, ((RotaryRows)ctx.get_data("kernel")).Backward), null!];

    private static Tensor Run(Tensor x_BNTD, Action<TensorRows, int, TensorRows> rotate)
    {
        var x_RD = x_BNTD.reshape(-1, x_BNTD.shape[3]).contiguous();
        var y_RD = empty_like(x_RD);
        rotate(new TensorRows(x_RD), (int)x_BNTD.shape[2], new TensorRows(y_RD));
        return y_RD.view(x_BNTD.shape);
    }
}
