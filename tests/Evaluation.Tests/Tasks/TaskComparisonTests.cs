using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Tests.Tasks;

public sealed class TaskComparisonTests
{
    [Theory]
    [InlineData(5, 1, 0.21875)] // scipy.stats.binomtest(1, 6).pvalue
    [InlineData(9, 2, 0.0654296875)] // scipy.stats.binomtest(2, 11).pvalue
    [InlineData(3, 3, 1.0)]
    [InlineData(0, 0, 1.0)]
    [InlineData(0, 1500, 0.0)] // 2^-1499: below what a double holds
    public void Of_Disagreements_HasTheExactPValue(int onlyTeacher, int onlyModel, double expected)
    {
        bool[] teacher = [.. Enumerable.Repeat(true, 4 + onlyTeacher), .. Enumerable.Repeat(false, onlyModel + 2)];
        bool[] model = [.. Enumerable.Repeat(true, 4), .. Enumerable.Repeat(false, onlyTeacher), .. Enumerable.Repeat(true, onlyModel), false, false];
        TaskComparison comparison = TaskComparison.Of(Result(teacher), Result(model));

        Assert.Equal((4, onlyTeacher, onlyModel, 2), (comparison.BothRight, comparison.OnlyTeacher, comparison.OnlyModel, comparison.BothWrong));
        Assert.Equal(expected, comparison.PValue, 1e-12);
    }

    [Fact]
    public void Of_OtherItems_IsRefused() => Assert.Throws<ArgumentException>(() => TaskComparison.Of(Result([true]), Result([true, false])));

    private static TaskResult Result(bool[] isRight) => new()
    {
        Task = "piqa",
        File = "piqa.jsonl",
        Items = isRight.Length,
        Shots = 0,
        Metric = "acc",
        Records = [.. isRight.Select((right, i) => new TaskItemResult { Index = i, IsRight = right, Gold = "0", Answer = "0" })],
    };
}
