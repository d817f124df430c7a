using E3Scale.Evaluation.HeldOut;

namespace E3Scale.Evaluation.Tests.HeldOut;

public sealed class RankCorrelationTests
{
    [Theory]
    [InlineData(new float[] { 1, 2, 3, 4 }, new float[] { 10, 100, 1000, 9999 }, 1)] // any growing function of it
    [InlineData(new float[] { 1, 2, 3, 4 }, new float[] { 4, 3, 2, 1 }, -1)]
    [InlineData(new float[] { 1, 2, 3, 4, 5 }, new float[] { 2, 1, 4, 3, 5 }, 0.8)] // 1 - 6 * 4 / (5 * 24)
    [InlineData(new float[] { 1, 2, 2, 3 }, new float[] { 1, 2, 3, 4 }, 0.948683298)] // ranks 0, 1.5, 1.5, 3: 4.5 / sqrt(4.5 * 5)
    public void Spearman_KnownRows_GivesTheKnownValue(float[] first, float[] second, double expected) =>
        Assert.Equal(expected, RankCorrelation.Spearman(first, second)!.Value, 1e-9);

    [Fact]
    public void Spearman_AllEqual_IsNotDefined() => Assert.Null(RankCorrelation.Spearman([1, 1, 1], [1, 2, 3]));

    [Fact]
    public void Spearman_OtherLength_Throws() => Assert.Throws<ArgumentException>(() => RankCorrelation.Spearman([1], [1, 2]));
}
