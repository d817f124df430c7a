using E3Scale.Evaluation.Studies;

namespace E3Scale.Evaluation.Tests.Studies;

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

    [Theory]
    [InlineData(0.7983, null, "79.8")]
    [InlineData(0.7983, 0.0149, "79.8 ± 1.5")]
    public void Text_Percent_RoundsBoth(double mean, double? error, string expected) =>
        Assert.Equal(expected, StudyFormat.Percent.Text(new Statistic(error is null ? 1 : 3, mean, error)));

    [Fact]
    public void Text_NotMeasured_IsADash() => Assert.Equal("–", StudyFormat.Count.Text(null));
}
