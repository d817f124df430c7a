using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

/// <summary>Products of matrices, whichever library makes them, beside the same in float64 and beside what BLAS promises.</summary>
public sealed class MatrixProductTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 256, 768)]
    [InlineData(7, 33, 1)]
    [InlineData(8, 1, 300)]
    [InlineData(65, 129, 31)]
    [InlineData(300, 2048, 96)]
    public void Product_OfAnyLayout_IsThatOfFloat64(int rows, int inner, int columns)
    {
        manual_seed(rows + inner + columns);
        using var scope = NewDisposeScope();
        foreach (Tensor a in Layouts(rows, inner))
            foreach (Tensor b in Layouts(inner, columns))
            {
                Tensor expected = a.to_type(ScalarType.Float64).mm(b.to_type(ScalarType.Float64));
                double bound = 1e-6 * inner; // of standard normal factors: float32 rounds each term to 6e-8 of its size

                Assert.True((a.mm(b).to_type(ScalarType.Float64) - expected).abs().max().item<double>() < bound);
                Tensor sum = ones(rows, columns);
                sum.addmm_(a, b, beta: 2, alpha: -0.5f);
                Assert.True((sum.to_type(ScalarType.Float64) - (2 - (0.5 * expected))).abs().max().item<double>() < bound);
            }
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(32, 256, 16)]
    [InlineData(5, 16, 33)]
    [InlineData(64, 1, 8)]
    [InlineData(96, 70, 1)]
    public void Product_OfBFloat16InAnyLayout_IsThatOfFloat64RoundedOnce(int rows, int inner, int columns)
    {
        manual_seed(rows + inner + columns);
        using var scope = NewDisposeScope();
        foreach (Tensor a in Layouts(rows, inner, ScalarType.BFloat16))
            foreach (Tensor b in Layouts(inner, columns, ScalarType.BFloat16))
            {
                Tensor exact = a.to_type(ScalarType.Float64).mm(b.to_type(ScalarType.Float64));
                Tensor before = randn(rows, columns).to_type(ScalarType.BFloat16), sum = before.clone(), overwritten = full([rows, columns], float.NaN).to_type(ScalarType.BFloat16);
                sum.addmm_(a, b, beta: 1, alpha: 1);
                overwritten.addmm_(a, b, beta: 0, alpha: 1);

                AssertRounded(exact, a.mm(b), inner);
                AssertRounded(exact, overwritten, inner);
                AssertRounded(exact + before.to_type(ScalarType.Float64), sum, inner);
                Assert.True(equal(a.mm(b), a.mm(b)).ToBoolean());
            }
    }

    [Fact]
    public void Product_OfBFloat16ThatTrains_HasGradients()
    {
        manual_seed(3);
        using var scope = NewDisposeScope();
        Tensor a = randn(4, 5).to_type(ScalarType.BFloat16), b = randn(5, 6).to_type(ScalarType.BFloat16);
        a.requires_grad = b.requires_grad = true;

        a.mm(b).sum().backward();

        AssertRounded(b.detach().to_type(ScalarType.Float64).sum(dim: 1).expand(4, 5), a.grad!, 6);
        AssertRounded(a.detach().to_type(ScalarType.Float64).sum(dim: 0).unsqueeze(1).expand(5, 6), b.grad!, 4);
    }

    [Fact]
    public void Product_OfBFloat16AndWrongShapes_CarriesLibtorchsMessage()
    {
        using var scope = NewDisposeScope();
        Tensor a = ones(2, 3).to_type(ScalarType.BFloat16), none = ones([0, 3]).to_type(ScalarType.BFloat16);

        Assert.Contains("2x3", Assert.ThrowsAny<System.Runtime.InteropServices.ExternalException>(() => a.mm(a)).Message, StringComparison.Ordinal);
        Assert.Equal([0L, 2L], none.mm(a.t()).shape);
    }

    [Fact]
    public async Task Product_OfBFloat16OnManyThreads_IsTheSameOnAll()
    {
        using var scope = NewDisposeScope();
        Tensor a = randn(40, 64).to_type(ScalarType.BFloat16), b = randn(64, 24).to_type(ScalarType.BFloat16);
        float[] expected = a.mm(b).to_type(ScalarType.Float32).data<float>().ToArray();

        float[][] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using var own = NewDisposeScope();
            return a.mm(b).to_type(ScalarType.Float32).data<float>().ToArray();
        })));

        Assert.All(results, result => Assert.Equal(expected, result));
    }

    [Fact]
    public void Product_OfNoRowsColumnsOrTerms_IsEmptyOrZero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([0L, 3L], ones([0, 5]).mm(ones([5, 3])).shape);
        Assert.Equal([4L, 0L], ones([4, 5]).mm(ones([5, 0])).shape);
        Assert.Equal(new float[6], ones([2, 0]).mm(ones([0, 3])).data<float>().ToArray());
    }

    [Fact]
    public void Product_OfNanAndInfinity_HasThemWhereTheSumsDo()
    {
        using var scope = NewDisposeScope();
        Tensor a = ones(40, 20), b = ones(20, 50);
        a[3, 4] = float.NaN;
        a[5, 6] = float.PositiveInfinity;
        b[6, 7] = 0;

        Tensor product = a.mm(b);

        Assert.True(product[3].isnan().all().item<bool>());
        Assert.True(product[5, 7].isnan().item<bool>()); // infinity times zero
        Assert.Equal(49, product[5].isinf().sum().item<long>());
        Assert.Equal(38 * 49, (product == 20).sum().item<long>()); // neither in these two rows nor in column 7
    }

    [Fact]
    public void Product_IntoMemoryThatHoldsNan_DoesNotReadIt()
    {
        using var scope = NewDisposeScope();
        Tensor result = full([30, 30], float.NaN);

        result.addmm_(ones(30, 10), ones(10, 30), beta: 0, alpha: 1);

        Assert.Equal(900, (result == 10).sum().item<long>());
    }

#if !TORCHSHARP_PACKAGE
    [Fact]
    public void Library_OfTheProducts_HasAName() => Assert.NotEmpty(TorchRuntime.SinglePrecisionProducts);
#endif

    // Rows after one another, columns after one another, and a piece of something larger.
    private static IEnumerable<Tensor> Layouts(int rows, int columns, ScalarType type = ScalarType.Float32)
    {
        Tensor Normal(int height, int width) => randn(height, width).to_type(type);
        return [Normal(rows, columns), Normal(columns, rows).t(), Normal(rows + 3, columns + 5)[TensorIndex.Slice(2, rows + 2), TensorIndex.Slice(1, columns + 1)]];
    }

    // bfloat16 has eight significant bits; sums of terms of either sign are taken in float32.
    private static void AssertRounded(Tensor exact, Tensor actual, int terms)
    {
        Tensor error = (actual.detach().to_type(ScalarType.Float64) - exact).abs(), bound = (exact.abs() / 256) + (1e-6 * terms);
        Assert.True((error <= bound).all().item<bool>());
    }
}
