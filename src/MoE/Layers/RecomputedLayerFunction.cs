using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>
/// A layer that keeps its input only and runs again in the backward pass. The second run has the same operations on the same numbers, so the
/// gradients have the same bits; its messages to other ranks come in the same order on all of them, since all go backward through the same layers.
/// </summary>
internal sealed class RecomputedLayerFunction : autograd.SingleTensorFunction<RecomputedLayerFunction>
{
    public override string Name => nameof(RecomputedLayerFunction);

    /// <param name="ctx">Keeps input, scale, layer and branches.</param>
    /// <param name="vars">
    /// The input, which must require a gradient: it is what puts the layer into the graph; the layer; its observer or null; its scale or null; which of its branches run.
    /// </param>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, layer) = ((Tensor)vars[0], (DecoderLayer)vars[1]);
        var scale = (Tensor?)vars[3];
        ctx.save_for_backward(scale is null ? [input] : [input, scale]);
        ctx.save_data("layer", layer);
        ctx.save_data("branches", vars[4]);
        return layer.Forward(input, (Action<RoutingDecision>)vars[2], scale, (LayerBranches)vars[4]);
    }

    /// <summary>A backward pass of its own, which adds to the gradients of the layer's weights; only the input's and the scale's are handed on.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        var input = saved[0].detach().requires_grad_();
        var scale = saved.Count > 1 ? saved[1].detach().requires_grad_() : null;
        Tensor output;
        using (enable_grad())
            output = ((DecoderLayer)ctx.get_data("layer")).ForwardAgain(input, scale, (LayerBranches)ctx.get_data("branches"));
        output.backward([grad_output]);
        return [input.grad!, null!, null!, scale?.grad!, null!];
    }
}
