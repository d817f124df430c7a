using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Tests.Selection;

public sealed class MaskSampleTests
{
    [Fact]
    public void Of_FewSets_IsAllOfThem()
    {
        var sample = MaskSample.Of(6, new SelectionTarget(2, [0, 5], Seed: 1), most: 6);

        Assert.True(sample.IsComplete);
        Assert.Equal(["1 2", "1 3", "1 4", "2 3", "2 4", "3 4"], sample.Sets.Select(set => string.Join(' ', set)));
    }

    [Fact]
    public void Of_ManySets_AreDifferentAndSpareProtectedLayers()
    {
        var sample = MaskSample.Of(16, new SelectionTarget(8, [0, 15], Seed: 1), most: 500);

        Assert.False(sample.IsComplete);
        Assert.Equal(500, sample.Sets.Select(set => string.Join(' ', set)).Distinct().Count());
        Assert.All(sample.Sets, set => Assert.True(set.Length == 8 && !set.Contains(0) && !set.Contains(15) && set.SequenceEqual(set.Order())));
        // Every free layer is in 8 of 14 sets: 286 of 500 expected, with a deviation of 11.
        Assert.All(Enumerable.Range(1, 14), layer => Assert.InRange(sample.Sets.Count(set => set.Contains(layer)), 230, 342));
    }
}
