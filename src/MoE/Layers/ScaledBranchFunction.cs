using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>y = z f for a scalar z on the CPU, where f is the output of a layer's attention or MLP; exact for z = 1.</summary>
internal sealed class ScaledBranchFunction : autograd.SingleTensorFunction<ScaledBranchFunction>
{
    public override string Name => nameof(ScaledBranchFunction);

    /// <param name="ctx">Keeps both.</param>
    /// <param name="vars">The branch's output; the scalar, float32.</param>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (output, scale) = ((Tensor)vars[0], (Tensor)vars[1]);
        float value = scale.item<float>();
        ctx.save_for_backward([output]);
        ctx.save_data("scale", value);
        return output * value;
    }

    /// <summary>dz = sum of dy * f, in float32; df = z dy.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var output = ctx.get_saved_variables()[0];
        var scaleGradient = (grad_output.to_type(ScalarType.Float32) * output.to_type(ScalarType.Float32)).sum();
        return [grad_output * (float)ctx.get_data("scale"), scaleGradient.cpu()];
    }
}
