using E3Scale.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

// Shape suffixes in this file: B = texts, N = key heads, G = queries that share keys, S = cached positions, D = key width, W = value width.

public sealed class NextTokenAttentionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public NextTokenAttentionTests() => manual_seed(7);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 1, 1, 16, 16, 1)]
    [InlineData(3, 2, 4, 80, 64, 33)]
    [InlineData(2, 1, 7, 48, 112, 1024)]
    [InlineData(2, 3, 1, 128, 128, 1025)]
    [InlineData(1, 1, 16, 576, 512, 2100)]
    public void Forward_RandomShapes_EqualsComposedAttention(int texts, int heads, int queries, int keyWidth, int valueWidth, int positions)
    {
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            Tensor query_BNGD = randn(texts, heads, queries, keyWidth).to_type(type), keys_BNSD = randn(texts, heads, positions, keyWidth).to_type(type);
            Tensor values_BNSW = randn(texts, heads, positions, valueWidth).to_type(type);
            (int, int)[] seen_B = [.. Enumerable.Range(0, texts).Select(text => (text * positions / 7, positions - text * positions / 5))];

            Tensor actual = NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, seen_B, 0.3f);

            Assert.Equal(type, actual.dtype);
            AssertClose(Compose(query_BNGD, keys_BNSD, values_BNSW, seen_B, 0.3), actual, type == ScalarType.Float32 ? 1e-5 : 1.0 / 128);
        }
    }

    // The cache of latent attention: values are the first columns of the keys, and the store has room for more positions.
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Forward_ViewsOfOneStore_ReadsNothingElse(ScalarType type)
    {
        Tensor store = full([2, 1, 150, 80], float.NaN).to_type(type);
        Tensor keys_BNSD = store.narrow(2, 3, 101);
        keys_BNSD.copy_(randn(2, 1, 101, 80));
        Tensor query_BNGD = randn(2, 4, 1, 80).to_type(type).transpose(1, 2), values_BNSW = keys_BNSD.narrow(3, 0, 64);
        (int, int)[] seen_B = [(0, 101), (40, 77)];

        Tensor actual = NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, seen_B, 0.1f);

        AssertClose(Compose(query_BNGD, keys_BNSD, values_BNSW, seen_B, 0.1), actual, type == ScalarType.Float32 ? 1e-5 : 1.0 / 128);
    }

    [Fact]
    public void Forward_LargeScoresAtTheEnd_DoesNotOverflow()
    {
        Tensor query_BNGD = ones(1, 1, 2, 16), keys_BNSD = arange(0, 2000, dtype: ScalarType.Float32).view(1, 1, 2000, 1).expand(1, 1, 2000, 16).contiguous();
        Tensor values_BNSW = randn(1, 1, 2000, 16);
        AssertClose(Compose(query_BNGD, keys_BNSD, values_BNSW, [(0, 2000)], 1), NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, [(0, 2000)], 1), 1e-5);
    }

    [Fact]
    public void Forward_NaNAndInfinities_GivesWhatSoftmaxGives()
    {
        Tensor query_BNGD = ones(5, 1, 1, 16), keys_BNSD = zeros(5, 1, 1100, 16), values_BNSW = randn(5, 1, 1100, 16);
        keys_BNSD[1, 0, 700, 3] = float.NaN;
        keys_BNSD[2].narrow(1, 0, 1050).fill_(float.NegativeInfinity); // a whole part and more
        keys_BNSD[3].fill_(float.NegativeInfinity);
        keys_BNSD[4, 0, 5, 0] = float.PositiveInfinity;
        (int, int)[] seen_B = [.. Enumerable.Repeat((0, 1100), 5)];

        Tensor actual = NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, seen_B, 1);

        AssertClose(Compose(query_BNGD, keys_BNSD, values_BNSW, seen_B, 1), actual, 1e-5);
        Assert.Equal([false, true, false, true, true], actual.isnan().view(5, 16).all(1).data<bool>().ToArray());
    }

    [Fact]
    public void Forward_AnyNumberOfThreads_GivesTheSameBits()
    {
        Tensor query_BNGD = randn(2, 1, 8, 576), keys_BNSD = randn(2, 1, 5000, 576), values_BNSW = keys_BNSD.narrow(3, 0, 512);
        int before = get_num_threads();
        try
        {
            set_num_threads(1);
            Tensor one = NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, [(0, 5000), (17, 3000)], 0.04f);
            set_num_threads(3);
            Tensor three = NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, [(0, 5000), (17, 3000)], 0.04f);
            Assert.Equal(one.data<float>().ToArray(), three.data<float>().ToArray());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Supports_WhatHasNoKernel_IsFalse()
    {
        Tensor query = ones(1, 1, 1, 16), cache = ones(1, 1, 5, 16);
        Assert.True(NextTokenAttention.Supports(query, cache, cache));
        Assert.False(NextTokenAttention.Supports(ones(1, 1, 1, 8), ones(1, 1, 5, 8), cache));
        Assert.False(NextTokenAttention.Supports(query, cache, cache.to_type(ScalarType.BFloat16)));
        Assert.False(NextTokenAttention.Supports(query, cache.transpose(2, 3).contiguous().transpose(2, 3), cache));
        Assert.False(NextTokenAttention.Supports(ones(1, 1, 1, 16, requires_grad: true), cache, cache));
        Assert.Throws<ArgumentException>(() => NextTokenAttention.Forward(query.to_type(ScalarType.Float64), cache, cache, [(0, 5)], 1));
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(3, 3)]
    [InlineData(0, 6)]
    public void Forward_RangeOutsideOfTheCache_IsRefused(int first, int end)
    {
        Tensor query = ones(1, 1, 1, 16), cache = ones(1, 1, 5, 16);
        var error = Assert.Throws<ArgumentException>(() => NextTokenAttention.Forward(query, cache, cache, [(first, end)], 1));
        Assert.Contains($"positions {first} to {end} of 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_ShapesThatDoNotFit_AreRefused() =>
        Assert.Throws<ArgumentException>(() => NextTokenAttention.Forward(ones(2, 1, 1, 16), ones(1, 1, 5, 16), ones(1, 1, 5, 16), [(0, 5)], 1));

    /// <summary>In float64, from tensor operations.</summary>
    private static Tensor Compose(Tensor query_BNGD, Tensor keys_BNSD, Tensor values_BNSW, (int First, int End)[] seen_B, double scale)
    {
        Tensor mask_BS = full([seen_B.Length, keys_BNSD.shape[2]], double.NegativeInfinity, dtype: ScalarType.Float64);
        for (int text = 0; text < seen_B.Length; text++)
            mask_BS[text].narrow(0, seen_B[text].First, seen_B[text].End - seen_B[text].First).fill_(0);
        Tensor scores = (query_BNGD.to_type(ScalarType.Float64) * scale).matmul(keys_BNSD.to_type(ScalarType.Float64).transpose(2, 3));
        return (scores + mask_BS.unsqueeze(1).unsqueeze(1)).softmax(-1).matmul(values_BNSW.to_type(ScalarType.Float64));
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance) =>
        Assert.True(actual.to_type(ScalarType.Float64).allclose(expected, rtol: tolerance, atol: tolerance, equal_nan: true));
}
