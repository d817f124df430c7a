using E3Scale.Pruner.Methods.ShearedLlama;

namespace E3Scale.Pruner.Tests.Methods.ShearedLlama;

public sealed class HardConcreteTests
{
    // Values of a float64 implementation of the published formulas.
    [Theory]
    [InlineData(4.605170, 0.997982)]
    [InlineData(2, 0.973367)]
    [InlineData(0, 0.831822)]
    [InlineData(-2, 0.400975)]
    [InlineData(-4.605170, 0.047130)]
    public void Open_Location_IsTheReferenceValue(double logAlpha, double expected) =>
        Assert.Equal(expected, HardConcrete.Open(logAlpha).Probability, 1e-6);

    [Theory]
    [InlineData(4.605170, 0.996035)] // 1 / (1 + 100^-1.2)
    [InlineData(0, 0.5)]
    public void Deterministic_Location_IsTheReferenceValue(double logAlpha, double expected) =>
        Assert.Equal(expected, HardConcrete.Deterministic(logAlpha), 1e-6);

    [Fact]
    public void Sample_ManyDraws_AreOpenAsOftenAsTheProbabilitySays()
    {
        const int Draws = 20_000;
        foreach (double logAlpha in new[] { -2.0, 0, 2 })
        {
            int open = Enumerable.Range(0, Draws).Count(i => HardConcrete.Sample(logAlpha, (i + 0.5) / Draws).Gate > 0);
            Assert.Equal(HardConcrete.Open(logAlpha).Probability, (double)open / Draws, 2.0 / Draws);
        }
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1.5, 0.3)]
    [InlineData(-1.5, 0.8)]
    [InlineData(4.6, 0.01)]
    [InlineData(4.6, 0.9)] // clipped at 1
    [InlineData(-4.6, 0.5)] // clipped at 0
    public void Slopes_Anywhere_AreFiniteDifferences(double logAlpha, double uniform)
    {
        const double H = 1e-5;
        double gate = (HardConcrete.Sample(logAlpha + H, uniform).Gate - HardConcrete.Sample(logAlpha - H, uniform).Gate) / (2 * H);
        double open = (HardConcrete.Open(logAlpha + H).Probability - HardConcrete.Open(logAlpha - H).Probability) / (2 * H);

        Assert.Equal(gate, HardConcrete.Sample(logAlpha, uniform).Slope, 1e-8);
        Assert.Equal(open, HardConcrete.Open(logAlpha).Slope, 1e-8);
    }
}
