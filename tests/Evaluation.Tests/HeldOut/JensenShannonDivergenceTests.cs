using E3Scale.Kernels;

namespace E3Scale.Evaluation.Tests.HeldOut;

public sealed class JensenShannonDivergenceTests
{
    [Theory]
    [InlineData(5, 0f)] // shorter than one vector
    [InlineData(16, 0f)]
    [InlineData(131, 80f)] // with a remainder, far from zero
    public void Token_AnyLength_EqualsTheDefinition(int vocabulary, float offset)
    {
        float[] left = Logits(vocabulary, 0.7, 3), right = [.. Logits(vocabulary, 1.3, 2).Select(z => z + offset)];
        double[] p = Softmax(left), q = Softmax(right), m = [.. p.Zip(q, (a, b) => (a + b) / 2)];

        Assert.Equal((Kl(p, m) + Kl(q, m)) / 2, JensenShannonDivergence.Token(left, right), 1e-12);
        Assert.Equal(JensenShannonDivergence.Token(left, right), JensenShannonDivergence.Token(right, left), 1e-12);
    }

    [Fact]
    public void Token_NothingInCommon_GivesLogTwo() =>
        Assert.Equal(Math.Log(2), JensenShannonDivergence.Token([0, -2000, -2000], [-2000, 0, -2000]), 1e-12);

    [Fact]
    public void Token_EqualRows_GivesZero()
    {
        float[] row = Logits(77, 0.3, 5);
        Assert.Equal(0, JensenShannonDivergence.Token(row, row), 1e-15);
    }

    private static double Kl(double[] p, double[] q) => p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();

    private static double[] Softmax(float[] logits)
    {
        double max = logits.Max(), sum = logits.Sum(z => Math.Exp(z - max));
        return [.. logits.Select(z => Math.Exp(z - max) / sum)];
    }

    private static float[] Logits(int count, double frequency, double amplitude) =>
        [.. Enumerable.Range(0, count).Select(i => (float)(amplitude * Math.Sin(frequency * i + 0.1 * i * i)))];
}
