using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>The kernels against the composed operations: values and gradients.</summary>
public sealed class CausalAttentionTests
{
    [Theory]
    [InlineData(1, null)]
    [InlineData(5, null)]
    [InlineData(67, null)] // a remainder of the lanes in most rows
    [InlineData(300, null)] // three blocks, the last smaller
    [InlineData(40, 7)]
    [InlineData(300, 130)] // the last block does not see the first keys
    [InlineData(300, 1)]
    public void Forward_AnyShape_EqualsTheComposedOperations(long positions, int? window)
    {
        using var scope = NewDisposeScope();
        using var attention = new CausalAttention(0.3, window);
        const double Tolerance = 4e-6;
        Tensor[] kernel = Inputs(ScalarType.Float32, positions), composed = Inputs(ScalarType.Float32, positions);
        var slope = SmallModel.Noise(4, 2, positions, 3 * 8);

        var actual = attention.Forward(Heads(kernel[0]), Heads(kernel[1]), Heads(kernel[2]));
        (actual * slope).sum().backward();
        var expected = attention.Compose(Heads(composed[0]), Heads(composed[1]), Heads(composed[2]));
        (expected * slope).sum().backward();

        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange(Distance(expected, actual), 0, Tolerance);
        for (int i = 0; i < kernel.Length; i++)
            Assert.InRange(SmallModel.Distance(composed[i].grad!, kernel[i].grad!), 0, Tolerance * Largest(composed[2].grad!));
    }

    [Fact]
    public void Forward_BFloat16_IsAsNearToFloat32AsTheComposedOperations()
    {
        using var scope = NewDisposeScope();
        using var attention = new CausalAttention(0.3);
        Tensor[] kernel = Inputs(ScalarType.BFloat16, 140), composed = Inputs(ScalarType.BFloat16, 140);
        Tensor[] exact = [.. kernel.Select(x => x.detach().to_type(ScalarType.Float32).requires_grad_())];
        var slope = SmallModel.Noise(4, 2, 140, 3 * 8).to_type(ScalarType.BFloat16);

        (attention.Forward(Heads(kernel[0]), Heads(kernel[1]), Heads(kernel[2])) * slope).sum().backward();
        (attention.Compose(Heads(composed[0]), Heads(composed[1]), Heads(composed[2])) * slope).sum().backward();
        (attention.Compose(Heads(exact[0]), Heads(exact[1]), Heads(exact[2])) * slope).sum().backward();

        for (int i = 0; i < exact.Length; i++)
        {
            Assert.Equal(ScalarType.BFloat16, kernel[i].grad!.dtype);
            // Of the whole tensor: which single number is off most, and by how much, differs between processors.
            Assert.InRange(Error(kernel[i]), 0, 1.1 * Error(composed[i]));

            double Error(Tensor x) => (x.grad!.to_type(ScalarType.Float32) - exact[i].grad!).square().mean().item<float>();
        }
    }

    [Fact]
    public void Forward_AnyNumberOfThreads_GivesTheSameBits()
    {
        double[][] results = [.. new[] { 1, 3 }.Select(threads =>
        {
            using var scope = NewDisposeScope();
            using var attention = new CausalAttention(0.3);
            int before = get_num_threads();
            set_num_threads(threads);
            try
            {
                Tensor[] x = Inputs(ScalarType.Float32, 150);
                var y = attention.Forward(Heads(x[0]), Heads(x[1]), Heads(x[2]));
                y.square().sum().backward();
                return (double[])[.. SmallModel.Values(y), .. x.SelectMany(input => SmallModel.Values(input.grad!))];
            }
            finally
            {
                set_num_threads(before);
            }
        })];

        Assert.Equal(results[0], results[1]);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Forward_BadKey_SpoilsOnlyThePositionsThatSeeIt(float bad)
    {
        using var scope = NewDisposeScope();
        using var attention = new CausalAttention(0.3);
        Tensor[] x = Inputs(ScalarType.Float32, 6);
        var good = attention.Forward(Heads(x[0]), Heads(x[1]), Heads(x[2])).detach();
        var key = x[1].detach().clone();
        key[0, 4] = bad;
        var value = x[2].detach().clone();

        var spoilt = attention.Forward(Heads(x[0].detach()), Heads(key), Heads(value));

        Assert.Equal(SmallModel.Values(good.narrow(1, 0, 4)), SmallModel.Values(spoilt.narrow(1, 0, 4)), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(SmallModel.Values(good[1]), SmallModel.Values(spoilt[1]), (a, b) => Math.Abs(a - b) < 1e-6);
        if (float.IsNaN(bad))
            Assert.All(SmallModel.Values(spoilt[0].narrow(0, 4, 2)), value => Assert.True(double.IsNaN(value)));
    }

    [Fact]
    public void Forward_Empty_IsEmpty()
    {
        using var scope = NewDisposeScope();
        using var attention = new CausalAttention(1);

        Assert.Equal([0, 4, 24], attention.Forward(zeros(0, 3, 4, 5), zeros(0, 3, 4, 5), zeros(0, 3, 4, 8)).shape);
    }

    /// <summary>[B, T, N, D], so that what attention gets is transposed.</summary>
    private static Tensor[] Inputs(ScalarType dtype, long positions) =>
    [
        .. new[] { 5, 5, 8 }.Select((width, i) => (SmallModel.Noise(i + 1, 2, positions, 3, width) * 2).to_type(dtype).detach().requires_grad_()),
    ];

    private static Tensor Heads(Tensor x_BTND) => x_BTND.transpose(1, 2);

    private static double Distance(Tensor expected, Tensor actual) => SmallModel.Distance(expected, actual) / Largest(expected);

    private static double Largest(Tensor x) => SmallModel.Values(x).Max(Math.Abs);
}
