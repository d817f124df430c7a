using E3Scale.MoE;

namespace E3Scale.Sharding.Tests.Repartition;

public sealed class LayerTimerTests
{
    // Two micro-batches of a stage with two layers: 1 s and 3 s each, a head of 2 s, and backward passes of twice what they go back through.
    [Fact]
    public void Reduce_DroppedLayer_SpentAForwardPassOnly()
    {
        var timer = new LayerTimer(OneRank.Mesh, layers: 3);
        foreach (bool kept in new[] { true, false })
        {
            timer.Add(new LayerPass(0, 1, KeptSeconds: 1));
            timer.Add(new LayerPass(1, 3, KeptSeconds: kept ? 3 : 0));
            timer.AddStagePass(isForward: true, 6);
            timer.AddStagePass(isForward: false, 2 * (kept ? 6 : 3));
        }
        var (whole, spent) = timer.Reduce();

        Assert.Equal([3, 9, 0], whole.Layers, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([3, 6, 0], spent.Layers, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(6, whole.Head, 1e-12);
        Assert.Equal(2, whole.MicroBatches);
    }

    [Fact]
    public void Reduce_Twice_StartsAnew()
    {
        var timer = new LayerTimer(OneRank.Mesh, layers: 1);
        timer.Add(new LayerPass(0, 5, KeptSeconds: 5));
        timer.Reduce();
        timer.Add(new LayerPass(0, 1, KeptSeconds: 1));
        timer.AddStagePass(isForward: true, 1);
        Assert.Equal(1, timer.Reduce().Whole.Layers[0]);
    }
}
