using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>The kernel against the composed operations: values and gradients.</summary>
public sealed class RmsNormTests
{
    [Theory]
    [InlineData(ScalarType.Float32, new long[] { 2, 5, 24 }, false, 2e-6)]
    [InlineData(ScalarType.Float32, new long[] { 3, 5 }, false, 2e-6)]
    [InlineData(ScalarType.Float32, new long[] { 300, 67 }, false, 2e-6)] // several chunks, a remainder of the lanes
    [InlineData(ScalarType.Float32, new long[] { 2, 4, 130, 16 }, true, 2e-6)]
    [InlineData(ScalarType.BFloat16, new long[] { 2, 70, 48 }, false, 0.02)]
    public void Forward_AnyShape_EqualsTheComposedOperations(ScalarType dtype, long[] shape, bool isTransposed, double tolerance)
    {
        using var scope = NewDisposeScope();
        var (norm, weight) = Norm(shape[^1], dtype);
        var source = SmallModel.Noise(1, shape).to_type(dtype) * 3;
        var slope = SmallModel.Noise(2, shape).to_type(dtype);
        Tensor[] x = [source.detach().clone().requires_grad_(), source.detach().clone().requires_grad_()];
        Tensor View(Tensor tensor) => isTransposed ? tensor.transpose(1, 2) : tensor;

        var kernel = norm.Forward(View(x[0]));
        (kernel * View(slope)).sum().backward();
        var byWeight = weight.grad!.clone();
        weight.grad!.zero_();
        var composed = norm.Compose(View(x[1]));
        (composed * View(slope)).sum().backward();

        Assert.Equal(dtype, kernel.dtype);
        Assert.Equal(composed.shape, kernel.shape);
        Assert.InRange(Distance(composed, kernel), 0, dtype == ScalarType.BFloat16 ? 0.008 : tolerance);
        Assert.InRange(Distance(x[1].grad!, x[0].grad!), 0, tolerance);
        Assert.InRange(Distance(weight.grad!, byWeight), 0, tolerance);
    }

    [Fact]
    public void Forward_AnyNumberOfThreads_GivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        var (norm, weight) = Norm(32, ScalarType.Float32);
        double[][] results = [.. new[] { 1, 3 }.Select(threads =>
        {
            int before = get_num_threads();
            set_num_threads(threads);
            try
            {
                weight.grad?.zero_();
                var x = SmallModel.Noise(1, 500, 32).requires_grad_();
                norm.Forward(x).square().sum().backward();
                return (double[])[.. SmallModel.Values(x.grad!), .. SmallModel.Values(weight.grad!)];
            }
            finally
            {
                set_num_threads(before);
            }
        })];

        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void Forward_NotANumber_StaysInItsRow()
    {
        using var scope = NewDisposeScope();
        var (norm, _) = Norm(8, ScalarType.Float32);
        var x = SmallModel.Noise(1, 3, 8);
        x[1, 2] = float.NaN;
        x[2, 0] = float.PositiveInfinity;

        Assert.Equal(SmallModel.Values(norm.Compose(x)), SmallModel.Values(norm.Forward(x)), (a, b) => Math.Abs(a - b) < 1e-6 || a.Equals(b));
    }

    [Fact]
    public void Forward_Empty_IsEmpty()
    {
        using var scope = NewDisposeScope();
        var (norm, _) = Norm(8, ScalarType.Float32);

        Assert.Equal([0, 8], norm.Forward(zeros(0, 8)).shape);
    }

    /// <summary>Largest difference, relative to the largest entry.</summary>
    private static double Distance(Tensor expected, Tensor actual) => SmallModel.Distance(expected, actual) / SmallModel.Values(expected).Max(Math.Abs);

    private static (RmsNorm Norm, Tensor Weight) Norm(long width, ScalarType dtype)
    {
        var weight = (SmallModel.Noise(9, width) + 1).to_type(dtype).detach().requires_grad_();
        return (new RmsNorm(new ModelParameter("norm.weight", weight, ParameterPlacement.Dense, -1), 1e-6), weight);
    }
}
