using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary><see cref="SwiGlu"/> as one node of the graph: of its operations only gate and up are kept.</summary>
internal sealed class SwiGluFunction : autograd.SingleTensorFunction<SwiGluFunction>
{
    public override string Name => nameof(SwiGluFunction);

    /// <param name="ctx">Keeps both.</param>
    /// <param name="vars">Gate and up, of one shape and type.</param>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (gate, up) = ((Tensor)vars[0], (Tensor)vars[1]);
        ctx.save_for_backward([gate, up]);
        return SwiGlu.Forward(gate, up);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        var (byGate, byUp) = SwiGlu.Backward(saved[0], saved[1], grad_output);
        return [byGate, byUp];
    }
}
