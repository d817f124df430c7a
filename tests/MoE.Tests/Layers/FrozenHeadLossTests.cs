using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: N = positions, H = hidden, V = vocabulary, S = single ids.

/// <summary>Loss and gradient tile by tile against the same loss of all logits with autograd's gradient, in float64.</summary>
public sealed class FrozenHeadLossTests
{
    private const int Hidden = 24;

    [Theory]
    [InlineData(5, 1000, 5 * 4 * 256, 1f)] // four tiles, the last one not full
    [InlineData(7, 1000, 1, 1f)] // tiles of the least width
    [InlineData(7, 1000, 1 << 20, 1f)] // one tile
    [InlineData(7, 1000, 1, 30f)] // logits far apart: the largest so far changes from tile to tile
    [InlineData(5000, 300, 5000 * 4 * 256, 1f)] // three blocks of positions
    [InlineData(3, 3, 1, 1f)] // every id is a single one
    public void Evaluate_AnyTiles_EqualsTheLossOfAllLogits(int positions, int vocabulary, long tileBytes, float size)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var hidden_NH = randn(positions, Hidden) * size;
        var head_VH = randn(vocabulary, Hidden);
        AssertEqual(hidden_NH, head_VH, tileBytes, 1e-5);
    }

    [Fact]
    public void Evaluate_BFloat16_IsAsNearAsItsDigits()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        AssertEqual(randn(9, Hidden).bfloat16(), randn(700, Hidden).bfloat16(), tileBytes: 9 * 2 * 256, 0.02);
    }

    [Fact]
    public void Evaluate_NoPositions_IsZero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, FrozenHeadLoss.Evaluate(zeros(0, Hidden), randn(10, Hidden), new PickyLoss(10), 1, zeros(0, Hidden)));
    }

    [Fact]
    public void Evaluate_NumberThatIsNotFinite_IsSeenInTheLoss()
    {
        using var scope = NewDisposeScope();
        var hidden_NH = randn(4, Hidden);
        hidden_NH[2, 3] = float.NaN;
        Assert.False(double.IsFinite(FrozenHeadLoss.Evaluate(hidden_NH, randn(1000, Hidden), new PickyLoss(1000), 1, null)));
    }

    private static void AssertEqual(Tensor hidden_NH, Tensor head_VH, long tileBytes, double tolerance)
    {
        const double scale = 0.25;
        int vocabulary = (int)head_VH.shape[0];
        var loss = new PickyLoss(vocabulary);
        var exact_NH = hidden_NH.to_type(ScalarType.Float64).requires_grad_();
        var expected = loss.Composed(exact_NH.mm(head_VH.to_type(ScalarType.Float64).t())) * scale;
        expected.backward();

        var gradient_NH = full_like(hidden_NH, double.NaN);
        double sum = FrozenHeadLoss.Evaluate(hidden_NH, head_VH, loss, scale, gradient_NH, tileBytes);
        double alone = FrozenHeadLoss.Evaluate(hidden_NH, head_VH, loss, scale, null, tileBytes);

        Assert.Equal(expected.item<double>(), sum, Math.Abs(expected.item<double>()) * tolerance);
        Assert.Equal(sum, alone);
        double distance = (gradient_NH.to_type(ScalarType.Float64) - exact_NH.grad!).norm().item<double>() / exact_NH.grad!.norm().item<double>();
        Assert.InRange(distance, 0, tolerance);
    }

    /// <summary>Log-sum-exp minus half the logit of each of two ids; every third position does not count.</summary>
    private sealed class PickyLoss(int vocabulary) : IHeadLoss
    {
        private readonly int[][] _ids = [.. Enumerable.Range(0, 3).Select(i => vocabulary == 3 ? new[] { 0, 1, 2 } : [i * 37 % vocabulary, vocabulary - 1 - i])];

        public double Evaluate(int first, Tensor logits_nV, double scale, bool withGradient) => throw new NotSupportedException();

        public ReadOnlySpan<int> SingleIds(int position) => position % 3 == 1 ? [] : _ids[position % 3];

        public (double Loss, double RestGradient) Evaluate(int position, ReadOnlySpan<double> picked, double restLogSumExp, double scale, Span<double> gradient)
        {
            if (picked.IsEmpty)
                return (0, 0);
            double largest = restLogSumExp, sum = 0, loss = 0;
            foreach (double logit in picked)
                largest = Math.Max(largest, logit);
            foreach (double logit in picked)
                sum += Math.Exp(logit - largest);
            double norm = largest + Math.Log(sum + Math.Exp(restLogSumExp - largest));
            for (int i = 0; i < picked.Length; i++)
            {
                gradient[i] = scale * (Math.Exp(picked[i] - norm) - 0.5);
                loss -= 0.5 * picked[i];
            }
            return (scale * (norm + loss), scale * Math.Exp(restLogSumExp - norm));
        }

        public Tensor Composed(Tensor logits_NV)
        {
            var terms = new List<Tensor>();
            for (int n = 0; n < logits_NV.shape[0]; n++)
                if (SingleIds(n).Length > 0)
                    terms.Add(logits_NV[n].logsumexp(0) - logits_NV[n].index_select(0, tensor(SingleIds(n).ToArray(), dtype: ScalarType.Int64)).sum() * 0.5);
            return stack([.. terms]).sum();
        }
    }
}
