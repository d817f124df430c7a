using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Tests.Methods;

/// <summary>A model of nothing but numbers: block influences, and a loss that is a function of the dropped layers.</summary>
internal sealed class FakeProbe(int layers, Func<int[], double> loss, Func<int[], double[]>? influence = null) : ILayerProbe, IWeightProbe, IMergeProbe
{
    /// <summary>What <see cref="Taylor"/> answers.</summary>
    public double[] TaylorScores { get; init; } = new double[layers];

    /// <summary>What <see cref="Magnitude"/> answers.</summary>
    public double[] Magnitudes { get; init; } = new double[layers];

    /// <summary>Models judged so far.</summary>
    public long Judged { get; private set; }

    /// <summary>Metrics asked for so far.</summary>
    public HashSet<ProbeMetric> Metrics { get; } = [];

    public IWeightProbe Weights => this;

    public IMergeProbe Merges => this;

    /// <summary>Pair scores of the model of the kept layers; none can be told apart by default.</summary>
    public Func<IReadOnlyList<bool>, double[]> PairScores { get; init; } = isKept => new double[isKept.Count];

    /// <summary>What a layer turns the stream, for the shares of a merge.</summary>
    public double[] Influences { get; init; } = new double[layers];

    /// <summary>Next-token loss after a merge.</summary>
    public Func<LayerMerge, double> MergedLoss { get; init; } = _ => 0;

    /// <summary>Merges that were done, in order.</summary>
    public List<LayerMerge> Merged { get; } = [];

    public int Layers => layers;

    public int Batches => 5;

    public long TokensPerBatch => 1024;

    public double[] BlockInfluence(IReadOnlyList<bool> isKept)
    {
        Judged++;
        return influence!(Dropped(isKept));
    }

    public double[] Taylor()
    {
        Judged++;
        return TaylorScores;
    }

    public double[] Magnitude() => Magnitudes;

    /// <summary>Linear in the gates: what leaving out every single layer costs, by how far its gate is closed.</summary>
    public (double Kl, double[] ByGate) GatedKl(IReadOnlyList<double> gates)
    {
        Judged++;
        double[] costs = [.. Enumerable.Range(0, layers).Select(layer => loss([layer]) - loss([]))];
        return (gates.Zip(costs, (gate, cost) => (1 - gate) * cost).Sum(), [.. costs.Select(cost => -cost)]);
    }

    /// <summary>Batches that candidates were trained on, one list for each.</summary>
    public List<IReadOnlyList<int>> Trained { get; } = [];

    public double LossAfterTraining(
        IReadOnlyList<bool> isKept, IReadOnlyList<int> training, double learningRate, ProbeMetric metric, IReadOnlyList<int>? batches = null)
    {
        Trained.Add(training);
        return Loss(isKept, metric, batches);
    }

    public double[] Losses(IReadOnlyList<bool[]> models, ProbeMetric metric, IReadOnlyList<int>? batches = null) =>
        [.. models.Select(isKept => Loss(isKept, metric, batches))];

    public double Loss(IReadOnlyList<bool> isKept, ProbeMetric metric, IReadOnlyList<int>? batches = null)
    {
        Judged++;
        Metrics.Add(metric);
        Assert.All(batches ?? [], batch => Assert.InRange(batch, 0, Batches - 1));
        return loss(Dropped(isKept));
    }

    public double[] LossWithoutEach(IReadOnlyList<bool> isKept, IReadOnlyList<int> layers, ProbeMetric metric)
    {
        Judged += layers.Count;
        Metrics.Add(metric);
        Assert.Equal(layers.Order(), layers);
        Assert.All(layers, layer => Assert.True(isKept[layer]));
        return [.. layers.Select(layer => loss([.. Dropped(isKept).Append(layer).Order()]))];
    }

    public MergeMeasures Measure(IReadOnlyList<bool> isKept)
    {
        Judged++;
        return new MergeMeasures { Influence = Influences, PairScores = PairScores(isKept), Attention = [], Mlp = [] };
    }

    public double LossAfter(IReadOnlyList<bool> isKept, LayerMerge merge, MergeMeasures measures)
    {
        Judged++;
        Assert.True(isKept[merge.Layer] && isKept[merge.Into]);
        return MergedLoss(merge);
    }

    public void Merge(LayerMerge merge, MergeMeasures measures) => Merged.Add(merge);

    private static int[] Dropped(IReadOnlyList<bool> isKept) => [.. Enumerable.Range(0, isKept.Count).Where(layer => !isKept[layer])];
}
