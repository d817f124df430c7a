using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Methods.Clp;
using E3Scale.Pruner.Methods.Controls;
using E3Scale.Pruner.Methods.DarwinLm;
using E3Scale.Pruner.Methods.IterativeTask;
using E3Scale.Pruner.Methods.LeaveOneOut;
using E3Scale.Pruner.Methods.Minitron;
using E3Scale.Pruner.Methods.ShortenedLlama;
using E3Scale.Pruner.Methods.ShortGpt;
using E3Scale.Pruner.Methods.Sleb;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Tests.Methods;

/// <summary>Every method on models whose every number is given, so that the right choice can be worked out by hand.</summary>
public sealed class LayerSelectorsTests
{
    private const int Layers = 8;

    // What leaving out a single layer costs, and what layers that go together cost beside that: without 4, layer 2 is dear.
    private static readonly double[] s_cost = [0, 3, 1, 4, 1.5, 2.5, 9, 0];

    private static readonly double[] s_influence = [0.9, 0.30, 0.20, 0.10, 0.50, 0.10, 0.40, 0.01];

    private static SelectionTarget Target(int drop) => new(drop, [0, Layers - 1], Seed: 7);

    private static FakeProbe Probe() => new(Layers, Loss, _ => s_influence);

    private static double Loss(int[] dropped) =>
        2 + dropped.Sum(layer => s_cost[layer]) + (dropped.Contains(2) && dropped.Contains(4) ? 5 : 0) - (dropped.Contains(5) && dropped.Contains(6) ? 11 : 0);

    [Theory]
    [InlineData(1, new[] { 5 })] // of the equal layers 3 and 5 the higher goes
    [InlineData(2, new[] { 5, 3 })]
    [InlineData(3, new[] { 5, 3, 2 })]
    public void ShortGpt_SmallestInfluence_GoesFirstAndProtectedLayersStay(int drop, int[] expected)
    {
        var probe = Probe();
        var selection = new ShortGptSelector().Select(probe, Target(drop));

        Assert.Equal(expected, selection.DropOrder);
        Assert.Equal(s_influence, selection.Scores);
        Assert.Equal(expected, new MinitronSelector().Select(probe, Target(drop)).DropOrder);
    }

    [Fact]
    public void ShortGptIterative_InfluenceThatChanges_IsMeasuredAnew()
    {
        // Once 5 has gone, layer 3 turns the stream far more.
        var probe = new FakeProbe(Layers, Loss, dropped => [.. s_influence.Select((value, layer) => layer == 3 && dropped.Contains(5) ? 0.8 : value)]);

        Assert.Equal([5, 2, 1], new ShortGptSelector(isIterative: true).Select(probe, Target(3)).DropOrder);
    }

    [Fact]
    public void Sleb_LayersThatDependOnEachOther_AreJudgedTogether()
    {
        var probe = Probe();
        var selection = new SlebSelector().Select(probe, Target(3));

        // 3, 4.5 and 7 nats by 2, 5, 1; then 4 would cost 1.5 + 5.
        Assert.Equal([2, 5, 6], selection.DropOrder);
        Assert.Equal([ProbeMetric.CrossEntropy], probe.Metrics);
        Assert.Equal(6 + 5 + 4, probe.Judged);
    }

    [Fact]
    public void IterativeTask_LayersThatDependOnEachOther_AreJudgedTogetherByTheTask()
    {
        var probe = Probe();

        Assert.Equal([2, 5, 6], new IterativeTaskSelector().Select(probe, Target(3)).DropOrder);
        Assert.Equal([ProbeMetric.Task], probe.Metrics);
    }

    [Fact]
    public void OneShotMethods_LayersThatDependOnEachOther_AreNotSeen()
    {
        var probe = Probe();

        Assert.Equal([2, 4], new PerplexitySelector().Select(probe, Target(2)).DropOrder);
        Assert.Equal([ProbeMetric.CrossEntropy], probe.Metrics);
        probe.Metrics.Clear();
        var byDivergence = new LeaveOneOutSelector().Select(probe, Target(2));
        Assert.Equal([2, 4], byDivergence.DropOrder);
        Assert.Equal([0, 5, 3, 6, 3.5, 4.5, 11, 0], byDivergence.Scores);
        Assert.Equal([ProbeMetric.Kl], probe.Metrics);
    }

    [Theory]
    [InlineData(1, new[] { 5 })] // of the equal layers 4 and 5 the higher goes
    [InlineData(2, new[] { 5, 4 })]
    [InlineData(3, new[] { 5, 4, 2 })] // all that the rule leaves; then the smallest score of layers 0-3 and the last two
    public void TaylorAndMagnitude_EdgeLayers_GoLastWhateverTheyScore(int drop, int[] expected)
    {
        double[] scores = [0, 0.2, 0.1, 0.3, 5, 5, 0.4, 0];
        var probe = new FakeProbe(Layers, Loss) { TaylorScores = scores, Magnitudes = scores };

        Assert.Equal(expected, new TaylorSelector().Select(probe, Target(drop)).DropOrder);
        Assert.Equal(expected, new MagnitudeSelector().Select(probe, Target(drop)).DropOrder);
        Assert.Equal(scores, new TaylorSelector().Select(probe, Target(drop)).Scores);
        Assert.Equal(new[] { 1, 2, 3, 6 }.Except(expected), new TaylorSelector().Select(probe, Target(drop)).Spared);
        Assert.Equal(2, new TaylorSelector(sparesEdges: false).Select(probe, Target(drop)).DropOrder[0]);
        Assert.Equal(2, new MagnitudeSelector(sparesEdges: false).Select(probe, Target(drop)).DropOrder[0]);
    }

    [Fact]
    public void ContiguousMethods_EveryPlace_FindTheBestCut()
    {
        var probe = Probe();

        // 5 and 6 together cost 2.5 + 9 - 11; 1 and 2 cost 4.
        Assert.Equal([5, 6], new ClpSelector().Select(probe, Target(2)).DropOrder);
        Assert.Equal([ProbeMetric.Kl], probe.Metrics);
        Assert.Equal([5, 6], new MinitronSelector(MinitronCriterion.Contiguous).Select(probe, Target(2)).DropOrder);
        Assert.Contains(ProbeMetric.CrossEntropy, probe.Metrics);
        Assert.Equal(5 + 5, probe.Judged); // cuts begin at layers 1 to 5
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(7, 2)]
    [InlineData(17, 5)]
    [InlineData(26, 1)]
    public void ClpGate_OneValley_SlidesToWhereEveryPlaceIsTried(int deepest, int drop)
    {
        // A layer costs the more, the further it is from the deepest one.
        FakeProbe Valley() => new(32, dropped => dropped.Sum(layer => Math.Abs(layer - deepest) + 0.1));
        var target = new SelectionTarget(drop, [0, 31], Seed: 1);

        Assert.Equal(new ClpSelector().Select(Valley(), target).DropOrder, new ClpGateSelector(new ClpGateOptions()).Select(Valley(), target).DropOrder);
    }

    [Fact]
    public void ConcaveGate_Place_IsNearZeroInsideAndHasTheSlopeOfItsDifferences()
    {
        const double H = 1e-6;
        var steep = new ConcaveGate(4, 3, 8);
        Assert.Equal([true, true, true, true, false, false, false, true], Enumerable.Range(0, Layers).Select(layer => steep.At(layer) > 0.5));
        Assert.InRange(steep.At(4), 0, 0.04);
        Assert.InRange(steep.At(5), 0, 1e-4);
        for (int layer = 0; layer < Layers; layer++)
            Assert.Equal(
                (new ConcaveGate(3.3 + H, 2, 1.7).At(layer) - new ConcaveGate(3.3 - H, 2, 1.7).At(layer)) / (2 * H), new ConcaveGate(3.3, 2, 1.7).SlopeAt(layer), 1e-7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Exhaustive_AnyNumber_IsTheOptimum(int drop)
    {
        var selection = new ExhaustiveSelector().Select(Probe(), Target(drop));

        Assert.Equal(BestLoss(drop), Loss([.. selection.DropOrder]));
    }

    [Fact]
    public void Exhaustive_TooManySets_IsRefused()
    {
        var probe = new FakeProbe(64, _ => 0);

        Assert.Contains("too many", Assert.Throws<ArgumentException>(() => new ExhaustiveSelector().Select(probe, new(16, [0, 63], 1))).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void DarwinLm_SmallModel_FindsTheOptimumAgainAndAgain(int drop)
    {
        var probe = Probe();
        var selector = new DarwinLmSelector(new DarwinLmOptions());
        var selection = selector.Select(probe, Target(drop));

        Assert.Equal(BestLoss(drop), Loss([.. selection.DropOrder]));
        Assert.InRange(probe.Judged, 1, selector.ModelsJudged(Layers, Target(drop)));
        Assert.Equal(selection.DropOrder, selector.Select(Probe(), Target(drop)).DropOrder);
    }

    [Fact]
    public void DarwinLm_ModelOfManySets_BeatsItsFirstParents()
    {
        // 40 layers, 12 of them free of cost: 5.6 billion sets, of which one costs nothing.
        var probe = new FakeProbe(40, dropped => dropped.Sum(layer => layer % 3 == 1 ? 0 : 1.0 + layer / 40.0));
        var target = new SelectionTarget(12, [0, 39], Seed: 3);
        var dropped = new DarwinLmSelector(new DarwinLmOptions()).Select(probe, target).DropOrder;

        Assert.All(dropped, layer => Assert.Equal(1, layer % 3));
    }

    [Fact]
    public void DarwinLm_TrainTokens_TrainsEveryCandidateOfASelectionOnTheSameText()
    {
        var probe = Probe();
        var options = new DarwinLmOptions { Generations = 1, TrainTokens = [0, 7 * 1024] };
        var selection = new DarwinLmSelector(options).Select(probe, Target(2));

        // The two survivors and their parent; five batches of text come before any comes again.
        Assert.Equal(3, probe.Trained.Count);
        Assert.All(probe.Trained, training => Assert.Equal(probe.Trained[0], training));
        Assert.Equal((7, 5), (probe.Trained[0].Count, probe.Trained[0].Take(5).Distinct().Count()));
        Assert.Equal(2, selection.DropOrder.Count);
        Assert.False(new DarwinLmSelector(new DarwinLmOptions()).NeedsGradients);
    }

    [Fact]
    public void Random_ManySeeds_TakesEveryFreeLayerAlike()
    {
        var counts = new int[Layers];
        for (ulong seed = 0; seed < 3000; seed++)
            foreach (int layer in new RandomSelector().Select(Probe(), Target(2) with { Seed = seed }).DropOrder)
                counts[layer]++;

        Assert.Equal((0, 0), (counts[0], counts[^1]));
        Assert.All(counts[1..^1], count => Assert.InRange(count, 850, 1150)); // 1000 expected, deviation 26
    }

    [Theory]
    [InlineData(8, 1, new[] { 4 })]
    [InlineData(8, 2, new[] { 2, 5 })]
    [InlineData(8, 6, new[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(61, 8, new[] { 4, 12, 19, 26, 34, 41, 48, 56 })]
    public void UniformStride_Layers_LieAtEqualDistances(int layers, int drop, int[] expected) =>
        Assert.Equal(expected, new UniformStrideSelector().Select(new FakeProbe(layers, _ => 0), new(drop, [0, layers - 1], 1)).DropOrder);

    public static TheoryData<PruningMethod> Methods => [.. Enum.GetValues<PruningMethod>().Where(method => !method.Trains())];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Select_AnyMethod_DropsAsManyAsAskedAndJudgesAsManyAsAnnounced(PruningMethod method)
    {
        var probe = Probe();
        var selector = LayerSelectors.Create(method);
        var selection = selector.Select(probe, Target(3));

        Assert.Equal(3, selection.DropOrder.Distinct().Count());
        Assert.All(selection.DropOrder, layer => Assert.InRange(layer, 1, Layers - 2));
        Assert.Equal(Layers, selection.Scores.Length);
        if (method == PruningMethod.DarwinLm)
            Assert.InRange(probe.Judged, 1, selector.ModelsJudged(Layers, Target(3)));
        else
            Assert.Equal(selector.ModelsJudged(Layers, Target(3)), probe.Judged);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Select_MoreThanMayGo_IsRefused(PruningMethod method) =>
        Assert.Contains("7 layers to drop", Assert.Throws<ArgumentException>(() => LayerSelectors.Create(method).Select(Probe(), Target(7))).Message);

    private static double BestLoss(int drop) => Enumerable.Range(0, 1 << Layers)
        .Select(bits => Enumerable.Range(0, Layers).Where(layer => (bits >> layer & 1) == 1).ToArray())
        .Where(set => set.Length == drop && !set.Contains(0) && !set.Contains(Layers - 1))
        .Min(Loss);
}
