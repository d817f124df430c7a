using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Tests.Merging;

public sealed class BranchConcatenationTests
{
    [Theory]
    [InlineData(10, 0.5, 5, 5)]
    [InlineData(11, 0.5, 6, 5)] // what rounding leaves over goes to the larger share, of equal ones to the layer that stays
    [InlineData(10, 0.77, 8, 2)]
    [InlineData(10, 0.23, 2, 8)]
    [InlineData(20, 0.35, 7, 13)] // 6.999... in floating point
    [InlineData(2, 0.9, 2, 0)]
    [InlineData(10, 1, 10, 0)]
    [InlineData(10, 0, 0, 10)]
    public void Split_Share_GivesWholeChannels(int channels, double share, int first, int second) =>
        Assert.Equal((first, second), BranchConcatenation.Split(channels, share));

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public void Split_NoShare_Throws(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BranchConcatenation.Split(4, share));

    [Fact]
    public void Merge_TwoBranches_KeepsTheMostSensitiveOfEach()
    {
        BranchSource[] merged = BranchConcatenation.Merge(
            BranchSource.Whole(3, 5), [0.1, 9, 0.3, 8, 7], BranchSource.Whole(4, 5), [100, 2, 300, 4, 5], 0.6);

        Assert.Equal(2, merged.Length);
        Assert.Equal((3, 0.5, 0.6), (merged[0].Layer, merged[0].NormShare, merged[0].Share));
        Assert.Equal([1, 3, 4], merged[0].Channels);
        Assert.Equal((4, 0.5, 0.4), (merged[1].Layer, merged[1].NormShare, merged[1].Share));
        Assert.Equal([0, 2], merged[1].Channels);
    }

    // 4 was merged from 4 and 5 before; its channels are numbered through both.
    [Fact]
    public void Merge_MergedBranchOnceMore_RemembersWhereChannelsComeFrom()
    {
        BranchSource[] first = BranchConcatenation.Merge(BranchSource.Whole(4, 4), [4, 3, 2, 1], BranchSource.Whole(5, 4), [1, 2, 3, 4], 0.5);
        BranchSource[] second = BranchConcatenation.Merge(BranchSource.Whole(3, 4), [1, 2, 3, 4], first, [1, 8, 9, 2], 0.5);

        Assert.Equal([0, 1], first[0].Channels);
        Assert.Equal([2, 3], first[1].Channels);
        Assert.Equal([3, 4, 5], second.Select(source => source.Layer));
        Assert.Equal([2, 3], second[0].Channels);
        Assert.Equal([1], second[1].Channels);
        Assert.Equal([2], second[2].Channels);
        Assert.Equal([0.5, 0.25, 0.25], second.Select(source => source.NormShare));
        Assert.Equal(1, second.Sum(source => source.Share), 1e-12);
    }

    [Theory]
    [InlineData(1.0, 7)]
    [InlineData(0.0, 8)]
    [InlineData(0.9, 7)] // floor(0.1 * 4) channels are none
    public void Merge_AllChannelsFromOne_IsThatBranch(double share, int layer)
    {
        BranchSource[] merged = BranchConcatenation.Merge(BranchSource.Whole(7, 4), [1, 2, 3, 4], BranchSource.Whole(8, 4), [1, 2, 3, 4], share);

        BranchSource only = Assert.Single(merged);
        Assert.Equal((layer, 1.0, 1.0), (only.Layer, only.NormShare, only.Share));
        Assert.Equal([0, 1, 2, 3], only.Channels);
    }
}
