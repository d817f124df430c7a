using E3Scale.Pruner.Methods.Come;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Tests.Methods;

public sealed class ComeSelectorTests
{
    private const int Layers = 8;

    // Of each layer and the next one; the ends would come first if they were not protected.
    private static readonly double[] s_pairs = [0.01, 0.30, 0.20, 0.40, 0.25, 0.22, 0.02, double.NaN];

    private static SelectionTarget Target(int drop) => new(drop, [0, Layers - 1], Seed: 7);

    [Fact]
    public void Select_SmallestPair_IsMergedIntoItsFirstLayerByTheInfluences()
    {
        var probe = new FakeProbe(Layers, _ => 0) { PairScores = _ => s_pairs, Influences = [9, 9, 0.3, 0.1, 9, 9, 9, 9] };
        var selection = new ComeSelector(new ComeOptions()).Select(probe, Target(1));

        var merge = Assert.Single(selection.Merges);
        Assert.Equal((2, 3, 0.2), (merge.Into, merge.Layer, merge.PairScore));
        Assert.Equal(0.75, merge.Share, 1e-12);
        Assert.Equal([3], selection.DropOrder);
        Assert.Equal(selection.Merges, probe.Merged);
    }

    // (2, 3) first; then (5, 6), for 2 is not merged again; then only 1, 2, 4, 5 are free of the ends, of which 1 and 4 are whole but no neighbours.
    [Fact]
    public void Select_SeveralLayers_MergesMergedOnesOnlyWhenNoOthersAreLeft()
    {
        var probe = new FakeProbe(Layers, _ => 0) { PairScores = _ => s_pairs };
        var selection = new ComeSelector(new ComeOptions()).Select(probe, Target(4));

        Assert.Equal([(2, 3), (5, 6), (2, 4), (2, 5)], selection.Merges.Select(merge => (merge.Into, merge.Layer)));
        Assert.All(selection.Merges, merge => Assert.Equal(0.5, merge.Share)); // no layer has any influence
    }

    [Fact]
    public void Select_EveryLayerButOne_SaysThatNoPairIsLeft() => Assert.Contains(
        "no two neighbours are left",
        Assert.Throws<ArgumentException>(() => new ComeSelector(new ComeOptions()).Select(new FakeProbe(Layers, _ => 0), Target(6))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Select_SearchedShare_TakesTheLowestLossOfTwentyOne()
    {
        var probe = new FakeProbe(Layers, _ => 0)
        {
            PairScores = _ => s_pairs,
            MergedLoss = merge => Math.Abs(merge.Share - 0.35),
            Influences = [.. Enumerable.Repeat(1.0, Layers)],
        };
        var selector = new ComeSelector(new ComeOptions { SearchesShare = true });
        var selection = selector.Select(probe, Target(2));

        Assert.All(selection.Merges, merge => Assert.Equal(0.35, merge.Share, 1e-12));
        Assert.Equal(selector.ModelsJudged(Layers, Target(2)), probe.Judged);
    }
}
