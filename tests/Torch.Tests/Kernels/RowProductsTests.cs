using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

/// <summary><see cref="RowProducts"/> beside the operations it stands for.</summary>
public sealed class RowProductsTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 9, 2, 5)]
    [InlineData(ScalarType.Float32, 1, 0, 1)]
    [InlineData(ScalarType.Float32, 40, 0, 40)]
    [InlineData(ScalarType.Float32, 4, 1, 0)]
    [InlineData(ScalarType.BFloat16, 70, 32, 32)]
    public void Rows_OfBothProducts_AreThoseOfComposedOperationsAndOthersStay(ScalarType type, int all, int start, int count)
    {
        manual_seed(all);
        using var scope = NewDisposeScope();
        Tensor x = randn(all, 24).to_type(type), weight = randn(16, 24).to_type(type), y = randn(all, 16).to_type(type);
        weight.requires_grad = true;
        foreach (bool add in new[] { false, true })
        {
            Tensor forward = y.clone(), gradient = x.clone();

            RowProducts.Forward(x, weight, forward, start, count, add);
            RowProducts.InputGradient(y, weight, gradient, start, count, add);

            AssertRows(x.narrow(0, start, count).matmul(weight.detach().t()), y, forward, start, count, add);
            AssertRows(y.narrow(0, start, count).matmul(weight.detach()), x, gradient, start, count, add);
            Assert.False(forward.requires_grad);
        }
    }

    [Fact]
    public void Rows_WithNan_StayInTheirRows()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(4, 3), y = zeros(4, 2);
        x[1, 2] = float.NaN;

        RowProducts.Forward(x, ones(2, 3), y, 0, 4);

        Assert.Equal([false, true, false, false], y.isnan().all(dim: 1).data<bool>().ToArray());
    }

    [Fact]
    public void Rows_BeyondTheEnd_AreRefused()
    {
        using var scope = NewDisposeScope();
        Assert.ThrowsAny<System.Runtime.InteropServices.ExternalException>(() => RowProducts.Forward(ones(4, 3), ones(2, 3), zeros(4, 2), 3, 2));
    }

    private static void AssertRows(Tensor product, Tensor before, Tensor after, int start, int count, bool add)
    {
        Tensor expected = before.clone();
        Tensor rows = expected.narrow(0, start, count);
        rows.copy_(add ? rows + product : product);
        // The sum is rounded once in place of twice.
        double bound = before.dtype == ScalarType.BFloat16 ? 0.05 : 1e-4;
        Assert.True((after - expected).abs().to_type(ScalarType.Float32).sum().item<float>() <= bound * (1 + (count * before.shape[1])));
        long end = start + count;
        Assert.True(equal(after.narrow(0, 0, start), before.narrow(0, 0, start)).ToBoolean());
        Assert.True(equal(after.narrow(0, end, before.shape[0] - end), before.narrow(0, end, before.shape[0] - end)).ToBoolean());
    }
}
