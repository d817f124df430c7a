using E3Scale.Evaluation.Studies;

namespace E3Scale.Evaluation.Tests.Studies;

public sealed class StudyFormatTests
{
    [Theory]
    [InlineData(0.7983, null, "79.8")]
    [InlineData(0.7983, 0.0149, "79.8 ± 1.5")]
    public void Text_Percent_RoundsBoth(double mean, double? error, string expected) =>
        Assert.Equal(expected, StudyFormat.Percent.Text(new Statistic(error is null ? 1 : 3, mean, error)));

    [Fact]
    public void Text_NotMeasured_IsADash() => Assert.Equal("–", StudyFormat.Count.Text(null));
}
