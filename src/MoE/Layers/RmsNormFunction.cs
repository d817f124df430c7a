using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: N = rows, H = width.

/// <summary><see cref="RmsNormRows"/> as an autograd function.</summary>
internal sealed class RmsNormFunction : autograd.SingleTensorFunction<RmsNormFunction>
{
    public override string Name => nameof(RmsNormFunction);

    /// <summary>Whether the kernel can work on these tensors; others take the composed operations.</summary>
    public static bool Supports(Tensor x, Tensor weight) =>
        x.device_type == DeviceType.CPU && x.dtype == weight.dtype && x.dtype is ScalarType.Float32 or ScalarType.BFloat16 && x.numel() > 0;

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight, epsilon) = ((Tensor)vars[0], (Tensor)vars[1], (double)vars[2]);
        var x_NH = x.reshape(-1, x.shape[^1]).contiguous();
        var y_NH = empty_like(x_NH);
        float[] weight_H = Floats(weight), inverse_N = new float[x_NH.shape[0]];
        RmsNormRows.Forward(new TensorRows(x_NH), weight_H, epsilon, new TensorRows(y_NH), inverse_N);
        ctx.save_for_backward([x_NH, weight]);
        ctx.save_data(nameof(inverse_N), inverse_N);
        ctx.save_data("trains_x", x.requires_grad);
        ctx.save_data("trains_weight", weight.requires_grad);
        return y_NH.reshape(x.shape);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        var (x_NH, weight) = (saved[0], saved[1]);
        var gradient_NH = grad_output.reshape(x_NH.shape).contiguous();
        Tensor? byX_NH = (bool)ctx.get_data("trains_x") ? empty_like(x_NH) : null;
        float[]? byWeight_H = (bool)ctx.get_data("trains_weight") ? new float[x_NH.shape[1]] : null;
        RmsNormRows.Backward(
            new TensorRows(gradient_NH), new TensorRows(x_NH), Floats(weight), (float[])ctx.get_data("inverse_N"),
            byX_NH is null ? null : new TensorRows(byX_NH), byWeight_H);
        return
        [
            byX_NH?.reshape(grad_output.shape)!,
            byWeight_H is null ? null! : tensor(byWeight_H).to_type(weight.dtype),
            null!,
        ];
    }

    private static float[] Floats(Tensor weight)
    {
        using var scope = NewDisposeScope();
        return weight.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
    }
}
