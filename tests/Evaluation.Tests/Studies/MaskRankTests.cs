using E3Scale.Evaluation.Studies;

namespace E3Scale.Evaluation.Tests.Studies;

public sealed class MaskRankTests
{
    [Fact]
    public void Of_Choices_CountsTheSetsThatAreBetter()
    {
        var ranks = MaskRank.Of("quarter", [([1, 2], "random", 3.5), ([2, 3], "best", 1.0)], [4, 1, 2, 3], isComplete: true);

        Assert.Equal(["best", "random"], ranks.Select(rank => rank.ChosenBy));
        Assert.Equal([0, 0.75], ranks.Select(rank => rank.BetterShare));
        Assert.All(ranks, rank => Assert.Equal((1, 3, 4), (rank.BestLoss, rank.MedianLoss, rank.Compared)));
    }

    [Fact]
    public void Markdown_TwoColumns_HasATableForEach()
    {
        string text = MaskRank.Markdown([.. MaskRank.Of("a", [([1], "x", 2)], [1, 3], true), .. MaskRank.Of("b", [([4, 5], "y", 2)], [1], false)]);

        Assert.Contains("## a\n\nBeside all 2 sets", text, StringComparison.Ordinal);
        Assert.Contains("## b\n\nBeside a sample of 1 sets", text, StringComparison.Ordinal);
        Assert.Contains("| 4 5 | y | 2.0000 | 100.0 |", text, StringComparison.Ordinal);
    }
}
