using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests;

public sealed class FunctionalTests
{
    [Fact]
    public void Linear_KnownNumbers_AddsBias()
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.linear(tensor(new[] { 1f, 2f }), tensor(new[,] { { 3f, 4f } }), tensor(new[] { 0.5f }));
        Assert.Equal([11.5f], y.data<float>().ToArray());
        Assert.Equal([11f], nn.functional.linear(tensor(new[] { 1f, 2f }), tensor(new[,] { { 3f, 4f } })).data<float>().ToArray());
    }

    [Fact]
    public void LinearModule_Initialisation_IsWithinItsBound()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        using var layer = nn.Linear(100, 50);
        Assert.Equal([50L, 100L], layer.weight.shape);
        // kaiming_uniform with a = sqrt(5): gain sqrt(1/3), so the bound is 1 / sqrt(fan in) = 0.1 for weight and bias.
        Assert.InRange(layer.weight.abs().max().ToSingle(), 0.09f, 0.1f);
        Assert.InRange(layer.bias!.abs().max().ToSingle(), 0.05f, 0.1f);
    }

    [Fact]
    public void Embedding_Lookup_GivesRowsAndScattersGradients()
    {
        using var scope = NewDisposeScope();
        using var table = nn.Embedding(4, 2);
        var rows = table.call(tensor(new long[,] { { 3, 0, 3 } }));
        Assert.Equal([1L, 3, 2], rows.shape);
        Assert.True(rows[0, 0].allclose(table.weight![3]));
        rows.sum().backward();
        Assert.Equal([1f, 1, 0, 0, 0, 0, 2, 2], table.weight.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Embedding_PaddingRow_IsZeroAndLearnsNothing()
    {
        using var scope = NewDisposeScope();
        using var table = nn.Embedding(3, 2, padding_idx: 1);
        Assert.Equal([0f, 0f], table.weight![1].data<float>().ToArray());
        table.call(tensor(new long[] { 0, 1 })).sum().backward();
        Assert.Equal([0f, 0f], table.weight.grad![1].data<float>().ToArray());
    }

    [Fact]
    public void Embedding_FromPretrained_IsFrozen()
    {
        using var table = nn.Embedding_from_pretrained(eye(2));
        Assert.False(table.weight!.requires_grad);
    }

    [Fact]
    public void CrossEntropy_UniformScores_IsLogOfClasses()
    {
        using var scope = NewDisposeScope();
        var scores = zeros(3, 8, dtype: float64);
        var target = tensor(new long[] { 1, 2, -100 });
        Assert.Equal(Math.Log(8), nn.functional.cross_entropy(scores, target).ToDouble(), 1e-12);
        var each = nn.functional.cross_entropy(scores, target, reduction: nn.Reduction.None);
        Assert.Equal(0.0, each[2].ToDouble());
        Assert.Equal(
            Math.Log(8), nn.functional.nll_loss(scores.log_softmax(1), tensor(new long[] { 0, 0, 0 })).ToDouble(), 1e-12);
    }

    [Fact]
    public void KlDiv_KnownDistributions_EqualsTheSum()
    {
        using var scope = NewDisposeScope();
        double[] p = [0.5, 0.25, 0.25], q = [0.2, 0.3, 0.5];
        var expected = p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
        var logQ = tensor(q).log();
        Assert.Equal(expected, nn.functional.kl_div(logQ, tensor(p), log_target: false, nn.Reduction.Sum).ToDouble(), 1e-12);
        Assert.Equal(expected / 3, nn.functional.kl_div(logQ, tensor(p).log()).ToDouble(), 1e-12);
    }

    [Fact]
    public void MseLoss_KnownNumbers_Averages()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(2.5f, nn.functional.mse_loss(tensor(new[] { 1f, 4f }), tensor(new[] { 2f, 2f })).item<float>());
    }

    [Fact]
    public void OneHot_ThreeClasses_SetsOne()
    {
        using var x = nn.functional.one_hot(tensor(new long[] { 2, 0 }), 3);
        Assert.Equal([0L, 0, 1, 1, 0, 0], x.data<long>().ToArray());
    }

    [Fact]
    public void LayerNorm_OneRow_HasMeanZeroAndVarianceOne()
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.layer_norm(tensor(new[] { 1.0, 2, 3, 4 }), [4L]);
        Assert.Equal(0.0, y.mean().ToDouble(), 1e-12);
        Assert.Equal(1.0, y.var(unbiased: false).ToDouble(), 1e-4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Attention_ComposedByHand_Agrees(bool causal)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var q_BHTD = randn([2, 3, 4, 8], dtype: float64);
        var k_BHTD = randn_like(q_BHTD);
        var v_BHTD = randn_like(q_BHTD);
        var scores_BHTT = q_BHTD.matmul(k_BHTD.mT) / Math.Sqrt(8);
        var allowed_TT = ones(4, 4).tril().to_type(ScalarType.Bool);
        if (causal) scores_BHTT = scores_BHTT.masked_fill(allowed_TT.logical_not(), double.NegativeInfinity);
        var expected = scores_BHTT.softmax(-1).matmul(v_BHTD);
        Assert.True(expected.allclose(nn.functional.scaled_dot_product_attention(q_BHTD, k_BHTD, v_BHTD, is_casual: causal)));
        if (!causal) return;
        Assert.True(expected.allclose(nn.functional.scaled_dot_product_attention(q_BHTD, k_BHTD, v_BHTD, allowed_TT)));
        var added_TT = zeros(4, 4, dtype: float64).masked_fill(allowed_TT.logical_not(), double.NegativeInfinity);
        Assert.True(expected.allclose(nn.functional.scaled_dot_product_attention(q_BHTD, k_BHTD, v_BHTD, added_TT)));
    }

    [Fact]
    public void Dropout_Evaluation_IsTheIdentity()
    {
        using var scope = NewDisposeScope();
        var x = randn(10);
        Assert.True(x.allclose(nn.functional.dropout(x, 0.5, training: false)));
        Assert.Equal(0f, nn.functional.dropout(x, 1.0).abs().sum().item<float>());
    }
}
