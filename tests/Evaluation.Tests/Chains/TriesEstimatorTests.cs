using System.Numerics;
using E3Scale.Evaluation.Chains;

namespace E3Scale.Evaluation.Tests.Chains;

public sealed class TriesEstimatorTests
{
    private const int Right = 7;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Pass_AnyK_IsTheMeanOverAllSubsets(int right)
    {
        int?[] answers = [.. Enumerable.Range(0, 6).Select(i => (int?)(i < right ? Right : 1))];
        for (int k = 1; k <= answers.Length; k++)
            Assert.Equal(MeanOverSubsets(answers, k, tries => tries.Contains(Right) ? 1 : 0), TriesEstimator.Pass(answers.Length, right, k), 1e-12);
    }

    [Theory]
    [InlineData("7 7 7 7")]
    [InlineData("1 2 1 3")]
    [InlineData("7 1 7 2 3 3 7 1")] // ties of two, and of three at smaller k
    [InlineData("7 1 2 3 4 5")]
    [InlineData("7 - - 1 1 -")] // unread answers have no vote, even when there are most of them
    [InlineData("- - -")]
    [InlineData("-")]
    [InlineData("7 7 1 1 1 -1 -1 0 -")]
    public void Majority_AnyK_IsTheMeanOverAllSubsets(string text)
    {
        int?[] answers = [.. text.Split(' ').Select(answer => answer == "-" ? (int?)null : int.Parse(answer))];
        for (int k = 1; k <= answers.Length; k++)
            Assert.Equal(MeanOverSubsets(answers, k, Vote), TriesEstimator.Majority(answers, Right, k), 1e-12);
    }

    [Fact]
    public void Majority_OneTry_IsTheShareOfRightAnswers()
    {
        int?[] answers = [Right, null, 3, Right, 3];
        Assert.Equal(0.4, TriesEstimator.Majority(answers, Right, 1), 12);
        Assert.Equal(0.4, TriesEstimator.Pass(5, 2, 1), 12);
    }

    [Fact]
    public void Majority_ManyAnswers_StaysFinite()
    {
        int?[] answers = [.. Enumerable.Range(0, 256).Select(i => (int?)(i % 2 == 0 ? Right : i))];
        Assert.Equal(1, TriesEstimator.Majority(answers, Right, 256), 1e-9);
        Assert.InRange(TriesEstimator.Majority(answers, Right, 128), 0.999, 1 + 1e-9);
    }

    [Fact]
    public void TriesOf_SampleCounts_ArePowersOfTwoAndTheCountItself()
    {
        Assert.Empty(TriesEstimator.TriesOf(0));
        Assert.Equal([1], TriesEstimator.TriesOf(1));
        Assert.Equal([1, 2, 4, 8], TriesEstimator.TriesOf(8));
        Assert.Equal([1, 2, 4, 8, 10], TriesEstimator.TriesOf(10));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Pass_ImpossibleK_IsRefused(int k) => Assert.Throws<ArgumentOutOfRangeException>(() => TriesEstimator.Pass(3, 1, k));

    private static double MeanOverSubsets(int?[] answers, int k, Func<int?[], double> value) => Enumerable.Range(0, 1 << answers.Length)
        .Where(subset => BitOperations.PopCount((uint)subset) == k)
        .Average(subset => value([.. answers.Where((_, i) => (subset >> i & 1) == 1)]));

    /// <summary>1 over the number of answers that share the first place, if the right one is among them.</summary>
    private static double Vote(int?[] tries)
    {
        var votes = tries.OfType<int>().CountBy(answer => answer).ToDictionary();
        if (!votes.TryGetValue(Right, out int right) || votes.Values.Max() > right)
            return 0;
        return 1.0 / votes.Values.Count(count => count == right);
    }
}
