using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.Torch.Tests.Kernels;

/// <summary>Against the operations that the kernel stands for, with their autograd.</summary>
public sealed class SwiGluTensorTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 0.02)] // the operations round each step to 8 bits
    [InlineData(ScalarType.Float64, 1e-12)] // composed
    public void ForwardAndBackward_ManyPieces_EqualTheOperations(ScalarType dtype, double tolerance)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        // More than a thread's fewest pieces, and a last one that is not whole; gate is not contiguous.
        var gate = randn(517, 300).to_type(dtype).t().requires_grad_();
        var up = randn(300, 517).to_type(dtype).requires_grad_();
        var gradient = randn(300, 517).to_type(dtype);
        var expected = F.silu(gate) * up;
        expected.backward([gradient]);

        var actual = SwiGlu.Forward(gate.detach(), up.detach());
        var (byGate, byUp) = SwiGlu.Backward(gate.detach(), up.detach(), gradient);

        Assert.Equal(dtype, actual.dtype);
        AssertClose(expected.detach(), actual);
        AssertClose(gate.grad!, byGate);
        AssertClose(up.grad!, byUp);

        void AssertClose(Tensor left, Tensor right) =>
            Assert.InRange((left - right).abs().max().to_type(ScalarType.Float64).item<double>() / left.abs().max().to_type(ScalarType.Float64).item<double>(), 0, tolerance);
    }

    [Fact]
    public void Forward_NoEntries_GivesNone()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([0, 5], SwiGlu.Forward(empty(0, 5), empty(0, 5)).shape);
    }

    [Fact]
    public void Forward_BFloat16NotANumber_StaysOne()
    {
        using var scope = NewDisposeScope();
        var result = SwiGlu.Forward(tensor([float.NaN, 1f, float.PositiveInfinity]).to_type(ScalarType.BFloat16), ones(3, dtype: ScalarType.BFloat16));
        Assert.Equal([true, false, false], result.isnan().data<bool>().ToArray());
    }
}
