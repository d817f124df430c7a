using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Tests.Search;

public sealed class TemperatureScheduleTests
{
    [Theory]
    [InlineData(0, 4.0)]
    [InlineData(60, 2.2)]
    [InlineData(119, 0.43)]
    public void At_Defaults_FallsLinearly(int step, double expected) =>
        Assert.Equal(expected, new TemperatureSchedule().At(step, searchSteps: 120), 1e-12);

    [Theory]
    [InlineData(Annealing.Exponential, 0, 4)]
    [InlineData(Annealing.Exponential, 60, 1.2649110640673518)] // 4 * sqrt(0.1)
    [InlineData(Annealing.Cosine, 0, 4)]
    [InlineData(Annealing.Cosine, 40, 3.1)] // 4 (1 - 0.9 (1 - cos 60 degrees) / 2)
    [InlineData(Annealing.Cosine, 60, 2.2)]
    [InlineData(Annealing.Constant, 119, 4)]
    public void At_OtherForms_FollowTheirFormula(Annealing form, int step, double expected) =>
        Assert.Equal(expected, new TemperatureSchedule { Form = form }.At(step, searchSteps: 120), 1e-12);

    [Fact]
    public void At_AfterTheSearch_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TemperatureSchedule().At(120, searchSteps: 120));
}
