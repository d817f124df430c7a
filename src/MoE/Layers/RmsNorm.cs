using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>Root-mean-square norm (Zhang and Sennrich 2019): x / sqrt(mean(x^2) + epsilon) in float32, then times the weight.</summary>
internal sealed class RmsNorm(ModelParameter weight, double epsilon)
{
    public ModelParameter Weight => weight;

    /// <summary>Normalises the last dimension; the result has the input's dtype.</summary>
    public Tensor Forward(Tensor x) =>
        RmsNormFunction.Supports(x, weight.Value) ? RmsNormFunction.apply(x, weight.Value, epsilon) : Compose(x);

    /// <summary>The same from tensor operations, for devices and types without a kernel.</summary>
    internal Tensor Compose(Tensor x)
    {
        using var scope = NewDisposeScope();
        var x32 = x.to_type(ScalarType.Float32);
        var inverse = (x32.square().mean([-1], keepdim: true) + epsilon).rsqrt();
        return ((x32 * inverse).to_type(x.dtype) * weight.Value).MoveToOuterDisposeScope();
    }
}
