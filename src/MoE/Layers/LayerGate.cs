using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>
/// The mask over layers, or over their branches, for one micro-batch: which of them take part, and, while the mask is learnt, where its gradient goes.
/// </summary>
/// <param name="IsKept">For every unit of the teacher, whether what it adds is used.</param>
/// <param name="Masks">
/// For every unit a float32 scalar on the CPU that requires a gradient, of value 1 for a kept unit and 0 for a dropped one; or null when the mask is
/// fixed. With masks a dropped unit still runs, without graph, because the gradient of its mask is its output times the incoming gradient.
/// </param>
/// <param name="IsSoft">
/// Masks are any numbers from 0 to 1 that multiply the outputs of the attention and of the MLP, each before it is added to the residual stream. A
/// unit that is not kept does not run then, and its mask gets no gradient: soft masks reach 0 only where their own slope is 0. Default false.
/// </param>
public sealed record LayerGate(IReadOnlyList<bool> IsKept, IReadOnlyList<Tensor>? Masks = null, bool IsSoft = false)
{
    /// <summary>What the entries are for. Default: whole layers.</summary>
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>Whether a unit takes time in the forward pass.</summary>
    internal bool Runs(int unit) => IsKept[unit] || (Masks is not null && !IsSoft);
}

/// <summary>y = x + m (f - x) for a scalar mask m, where f is the output of a layer, or of one of its branches with the stream: exact for m = 0 and m = 1.</summary>
internal sealed class MaskedLayerFunction : autograd.SingleTensorFunction<MaskedLayerFunction>
{
    public override string Name => nameof(MaskedLayerFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, output, mask) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        float value = mask.item<float>();
        ctx.save_for_backward([input, output]);
        ctx.save_data("mask", value);
        return value switch
        {
            0f => input.clone(),
            1f => output.clone(),
            _ => input + (output - input) * value,
        };
    }

    /// <summary>dm = sum of dy * (f - x), in float32; df = m dy; dx = (1 - m) dy (E3-Pruner, straight-through mask).</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var saved = ctx.get_saved_variables();
        float value = (float)ctx.get_data("mask");
        var delta = saved[1].to_type(ScalarType.Float32) - saved[0].to_type(ScalarType.Float32);
        var maskGradient = (grad_output.to_type(ScalarType.Float32) * delta).sum();
        // The mask is one number, and lives on the CPU whatever the layers do.
        return [grad_output * (1 - value), grad_output * value, maskGradient.cpu()];
    }
}
