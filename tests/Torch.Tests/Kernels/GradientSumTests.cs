using System.Runtime.InteropServices;
using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

// Shape suffixes in this file: N = rows that are summed over, O = outputs, I = inputs.

/// <summary><see cref="GradientSum"/> beside libtorch's own gradients and products in float64.</summary>
public sealed class GradientSumTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Backward_OfTwoPasses_AddsUpInTheMemoryGivenAndNotInGrad(ScalarType type)
    {
        using var scope = NewDisposeScope();
        Tensor weight = ones(3, 5, dtype: type).requires_grad_(), memory = full([3, 5], float.NaN), factors = randn(3, 5).to_type(type);
        using var sum = new GradientSum(weight, memory);

        (weight * factors).sum().backward();
        Assert.Equal(Values(factors), Values(memory)); // what was there does not count
        (weight * 256).sum().backward();

        Assert.Equal(Values(factors).Select(factor => (double)((float)factor + 256f)), Values(memory)); // bfloat16 would round this to whole numbers
        Assert.Null(weight.grad);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 7, 5, 3)]
    [InlineData(ScalarType.Float32, 1, 1, 1)]
    [InlineData(ScalarType.Float32, 0, 5, 3)]
    [InlineData(ScalarType.BFloat16, 64, 48, 33)]
    [InlineData(ScalarType.BFloat16, 1, 1, 1)]
    [InlineData(ScalarType.BFloat16, 0, 5, 3)]
    public void AddProduct_AgainAndAgain_IsTheSumInFloat64(ScalarType type, int rows, int outputs, int inputs)
    {
        manual_seed(rows);
        using var scope = NewDisposeScope();
        Tensor weight = zeros(outputs, inputs, dtype: type).requires_grad_(), memory = full([outputs, inputs], float.PositiveInfinity);
        using var sum = new GradientSum(weight, memory);
        Tensor exact = zeros(outputs, inputs, dtype: ScalarType.Float64);
        for (int pass = 0; pass < 3; pass++)
        {
            Tensor dy_NO = randn(rows, outputs).to_type(type), x_NI = randn(rows, inputs).to_type(type);
            sum.AddProduct(dy_NO.t(), x_NI);
            exact += dy_NO.to_type(ScalarType.Float64).t().mm(x_NI.to_type(ScalarType.Float64));
            if (pass == 1)
            {
                sum.Add(dy_NO.t().mm(x_NI)); // from elsewhere, rounded
                exact += dy_NO.t().mm(x_NI).to_type(ScalarType.Float64);
            }
        }

        // Of rounded products only the one from elsewhere is in it, and that is in both.
        Assert.InRange(exact.sub(memory).abs().max().item<double>(), 0, 1e-5 * Math.Max(1, rows));
    }

    [Fact]
    public void AddProduct_OfRowsWithSpaceBetween_ReadsTheRightOnes()
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            Tensor weight = zeros(4, 6, dtype: type).requires_grad_(), memory = empty(4, 6), wide = randn(32, 30).to_type(type);
            using var sum = new GradientSum(weight, memory);
            Tensor dy_NO = wide.narrow(1, 3, 4), x_NI = wide.narrow(1, 20, 6);

            sum.AddProduct(dy_NO.t(), x_NI);

            Tensor exact = dy_NO.to_type(ScalarType.Float64).t().mm(x_NI.to_type(ScalarType.Float64));
            Assert.InRange(exact.sub(memory).abs().max().item<double>(), 0, 1e-4);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Add_NotFinite_StaysVisibleUntilCleared(float value)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            Tensor weight = zeros(2, 40, dtype: type).requires_grad_(), memory = empty(2, 40);
            using var sum = new GradientSum(weight, memory);
            Tensor gradient = ones(2, 40, dtype: type);
            gradient[1, 7] = value;

            sum.Add(gradient);
            sum.Add(gradient);
            Assert.Equal(1, memory.isfinite().logical_not().sum().item<long>());
            Assert.False(float.IsFinite(memory[1, 7].item<float>()));

            sum.Clear();
            sum.Add(ones(2, 40, dtype: type));
            Assert.All(Values(memory), one => Assert.Equal(1, one));
        }
    }

    [Fact]
    public void Complete_NothingAdded_IsZerosAndOtherwiseTheSum()
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(3, 2).requires_grad_(), memory = full([3, 2], 5f);
        using var sum = new GradientSum(weight, memory);
        sum.Complete();
        Assert.All(Values(memory), value => Assert.Equal(0, value));

        weight.sum().backward();
        sum.Complete();
        Assert.All(Values(memory), value => Assert.Equal(1, value));

        sum.Clear();
        sum.Complete();
        sum.Add(ones(3, 2));
        Assert.All(Values(memory), value => Assert.Equal(1, value));
    }

    [Fact]
    public void Backward_OnManyThreads_GivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        int before = get_num_threads();
        try
        {
            var results = new List<byte[]>();
            foreach (int threads in new[] { 1, 3 })
            {
                set_num_threads(threads);
                manual_seed(5);
                Tensor weight = zeros(700, 301, dtype: ScalarType.BFloat16).requires_grad_(), memory = empty(700, 301);
                using var sum = new GradientSum(weight, memory);
                for (int pass = 0; pass < 2; pass++)
                    (weight * randn(700, 301).to_type(ScalarType.BFloat16)).sum().backward();
                results.Add(memory.bytes.ToArray());
            }
            Assert.Equal(results[0], results[1]);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Dispose_GradientsGoToGradAgain()
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(3).requires_grad_(), memory = empty(3);
        Tensor recorded;
        using (new GradientSum(weight, memory))
            recorded = (weight * 2).sum();
        (weight * 3).sum().backward();
        Assert.Equal([3d, 3, 3], Values(weight.grad!));

        recorded.backward(); // a graph goes where it went when it was recorded
        Assert.Equal([2d, 2, 2], Values(memory));
        Assert.Equal([3d, 3, 3], Values(weight.grad!));
    }

    [Fact]
    public void New_OfTheSameParameter_TakesOver()
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(3).requires_grad_(), first = zeros(3), second = zeros(3);
        using var old = new GradientSum(weight, first);
        using var sum = new GradientSum(weight, second);
        old.Dispose();
        weight.sum().backward();
        Assert.Equal([0d, 0, 0], Values(first));
        Assert.Equal([1d, 1, 1], Values(second));
    }

    [Fact]
    public void New_ForWhatHasNoGradientOrDoesNotFit_IsRefused()
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(3, 2).requires_grad_();
        Assert.ThrowsAny<ExternalException>(() => new GradientSum(zeros(3, 2), zeros(3, 2)));
        Assert.ThrowsAny<ExternalException>(() => new GradientSum(weight * 2, zeros(3, 2)));
        Assert.Contains("another shape", Assert.ThrowsAny<ExternalException>(() => new GradientSum(weight, zeros(2, 3))).Message, StringComparison.Ordinal);
        using var sum = new GradientSum(weight, zeros(3, 2));
        Assert.ThrowsAny<ExternalException>(() => sum.Add(zeros(6)));
        Assert.ThrowsAny<ExternalException>(() => sum.AddProduct(zeros(3, 4), zeros(5, 2)));
    }

    [Fact]
    public void Backward_Repeated_LeavesNoTensors()
    {
        using Tensor weight = zeros(4, 4).requires_grad_(), memory = empty(4, 4);
        using var sum = new GradientSum(weight, memory);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++)
        {
            using var scope = NewDisposeScope();
            (weight * i).sum().backward();
            sum.AddProduct(ones(4, 3), ones(3, 4));
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static double[] Values(Tensor tensor) => tensor.detach().to_type(ScalarType.Float64).contiguous().data<double>().ToArray();
}
