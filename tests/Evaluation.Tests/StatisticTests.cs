
namespace E3Scale.Evaluation.Tests;

public sealed class StatisticTests
{
    [Fact]
    public void Of_ThreeValues_GivesMeanAndStandardError()
    {
        // Mean 4, sample variance ((2-4)^2 + (3-4)^2 + (7-4)^2) / 2 = 7; standard error sqrt(7 / 3).
        Statistic statistic = Statistic.Of([2, 3, 7])!.Value;

        Assert.Equal(3, statistic.Count);
        Assert.Equal(4, statistic.Mean, 12);
        Assert.Equal(Math.Sqrt(7.0 / 3), statistic.StandardError!.Value, 12);
    }

    [Fact]
    public void Of_OneValue_HasNoError() => Assert.Equal(new Statistic(1, 5, null), Statistic.Of([5]));

    [Fact]
    public void Of_Nothing_IsNull() => Assert.Null(Statistic.Of([]));
}
