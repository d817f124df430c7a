using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests.Kernels;

// Shape suffixes in this file: N = tokens, k = rows of a token, M = N*k rows, H = width.

public sealed class TokenRowsTests
{
    private const int Tokens = 3, PerToken = 2, Width = 19; // two sets of lanes and a remainder
    private static readonly int[] s_rowOf_Nk = [4, 1, 0, 5, 2, 3];
    private static readonly float[] s_weights_Nk = [0.5f, -2, 1, 0.25f, 3, 0];

    [Theory]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.BFloat16, true)]
    public void Sum_Rows_EqualsIndexAdd(ScalarType dtype, bool weighted)
    {
        using var scope = NewDisposeScope();
        var (rows_MH, result_NH) = (Rows(Tokens * PerToken, dtype), empty([Tokens, Width], dtype: dtype));
        TokenRows.Sum(new TensorRows(rows_MH), s_rowOf_Nk, weighted ? s_weights_Nk : [], new TensorRows(result_NH));

        var factors_Nk = weighted ? tensor(s_weights_Nk) : ones(s_weights_Nk.Length);
        var chosen_NkH = rows_MH.to_type(ScalarType.Float32).index_select(0, tensor(Array.ConvertAll(s_rowOf_Nk, row => (long)row)));
        var expected_NH = (chosen_NkH * factors_Nk.unsqueeze(1)).view(Tokens, PerToken, Width).sum([1L]).to_type(dtype);
        Assert.True(result_NH.to_type(ScalarType.Float32).allclose(expected_NH.to_type(ScalarType.Float32), 1e-6, 1e-6));
    }

    [Fact]
    public void SumBackward_Weighted_EqualsAutograd()
    {
        using var scope = NewDisposeScope();
        var rows_MH = Rows(Tokens * PerToken, ScalarType.Float32).requires_grad_();
        var weights_Nk = tensor(s_weights_Nk).requires_grad_();
        var gradient_NH = Rows(Tokens, ScalarType.Float32).cos();
        var chosen_NkH = rows_MH.index_select(0, tensor(Array.ConvertAll(s_rowOf_Nk, row => (long)row))) * weights_Nk.unsqueeze(1);
        chosen_NkH.view(Tokens, PerToken, Width).sum([1L]).backward([gradient_NH]);

        var byRows_MH = empty([Tokens * PerToken, Width], dtype: ScalarType.Float32);
        float[] byWeights_Nk = new float[s_weights_Nk.Length];
        TokenRows.SumBackward(
            new TensorRows(gradient_NH), new TensorRows(rows_MH.detach()), s_rowOf_Nk, s_weights_Nk, new TensorRows(byRows_MH), byWeights_Nk);
        Assert.True(byRows_MH.allclose(rows_MH.grad!, 1e-6, 1e-6));
        Assert.All(byWeights_Nk.Zip(weights_Nk.grad!.data<float>().ToArray()), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Sum_AndBackward_OnManyThreads_GiveTheSameBits(ScalarType dtype)
    {
        const int Many = 400;
        using var scope = NewDisposeScope();
        int before = get_num_threads();
        int[] rowOf_Nk = [.. Enumerable.Range(0, Many * PerToken).Select(slot => slot * 7 % (Many * PerToken))]; // 7 and 800 have no common factor: each row once
        float[] weights_Nk = [.. rowOf_Nk.Select(row => MathF.Sin(row))];
        try
        {
            var results = new List<byte[]>();
            foreach (int threads in new[] { 1, 3 })
            {
                set_num_threads(threads);
                var (rows_MH, sum_NH, byRows_MH) = (Rows(Many * PerToken, dtype), empty([Many, Width], dtype: dtype), empty([Many * PerToken, Width], dtype: dtype));
                float[] byWeights_Nk = new float[Many * PerToken];
                TokenRows.Sum(new TensorRows(rows_MH), rowOf_Nk, weights_Nk, new TensorRows(sum_NH));
                TokenRows.SumBackward(new TensorRows(sum_NH), new TensorRows(rows_MH), rowOf_Nk, weights_Nk, new TensorRows(byRows_MH), byWeights_Nk);
                results.Add([.. sum_NH.bytes, .. byRows_MH.bytes, .. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(byWeights_Nk)]);
            }
            Assert.Equal(results[0], results[1]);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Sum_TooFewWeights_Throws()
    {
        using var scope = NewDisposeScope();
        TensorRows rows = new(Rows(6, ScalarType.Float32)), result = new(Rows(Tokens, ScalarType.Float32));
        Assert.Throws<ArgumentException>(() => TokenRows.Sum(rows, s_rowOf_Nk, [1, 2], result));
        Assert.Throws<ArgumentException>(() => TokenRows.SumBackward(result, rows, s_rowOf_Nk, [1, 2], rows, []));
    }

    [Fact]
    public void Sum_SlotsNoMultipleOfTokens_Throws()
    {
        using var scope = NewDisposeScope();
        TensorRows rows = new(Rows(5, ScalarType.Float32)), result = new(Rows(Tokens, ScalarType.Float32));
        Assert.Throws<ArgumentException>(() => TokenRows.Sum(rows, [0, 1, 2, 3], [], result));
    }

    private static TorchSharp.torch.Tensor Rows(long count, ScalarType dtype) =>
        (arange(count * Width, dtype: ScalarType.Float32) * 0.37).sin().view(count, Width).to_type(dtype);
}
