using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Tests.Search;

/// <summary>Refinement on losses that can be enumerated.</summary>
public class MaskRefinementTests
{
    private const int Layers = 10, Drop = 3;
    private static readonly int[] s_ends = [0, Layers - 1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_LayersThatCostForThemselves_FindsTheBestMask(int seed)
    {
        double[] cost = Costs(seed);
        RefinedMask refined = Refine(new FakeJudge(dropped => dropped.Sum(layer => cost[layer])), [Without(1, 2, 3)]);

        Assert.Equal(Without([.. Enumerable.Range(1, Layers - 2).OrderBy(layer => cost[layer]).Take(Drop)]), refined.Kept);
    }

    // Neighbours that go together cost more than alone, so that the cheapest layers one by one are not the best set.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Run_LayersThatCostMoreTogether_EndsWhereNoExchangeOfItsOwnHelps(int seed)
    {
        double[] cost = Costs(seed);
        double Loss(int[] dropped) => dropped.Sum(layer => cost[layer]) + 3 * dropped.Zip(dropped.Skip(1)).Count(pair => pair.Second == pair.First + 1);
        int[] cheapest = [.. Enumerable.Range(1, Layers - 2).OrderBy(layer => cost[layer]).Take(Drop).Order()];
        RefinedMask refined = Refine(new FakeJudge(Loss), [Without(cheapest)]);

        Assert.Equal(Drop, refined.Kept.Count(kept => !kept));
        Assert.Equal(Loss(cheapest), refined.FirstLoss);
        Assert.True(refined.Loss <= refined.FirstLoss);
        Assert.Equal(Loss([.. Enumerable.Range(0, Layers).Where(layer => !refined.Kept[layer])]), refined.Loss);
        RefinedMask again = Refine(new FakeJudge(Loss), [refined.Kept]);
        Assert.Equal((0, refined.Loss), (again.Exchanges, again.Loss));
    }

    [Fact]
    public void Run_NoExchanges_TakesTheBestCandidateAndJudgesEachOnce()
    {
        var judge = new FakeJudge(dropped => -dropped.Sum());
        RefinedMask refined = Refine(judge, [Without(1, 2, 3), Without(4, 5, 6), Without(1, 2, 3), Without(2, 3, 4)], exchanges: 0);

        Assert.Equal(Without(4, 5, 6), refined.Kept);
        Assert.Equal((-6.0, -15.0, 3, 0), (refined.FirstLoss, refined.Loss, refined.Candidates, refined.Exchanges));
        Assert.Equal(3, judge.Judged);
    }

    [Fact]
    public void Run_LimitOfExchanges_IsKept() =>
        Assert.Equal(1, Refine(new FakeJudge(dropped => -dropped.Sum()), [Without(1, 2, 3)], exchanges: 1).Exchanges);

    [Fact]
    public void Run_AllLossesAlike_KeepsTheFirstCandidate() =>
        Assert.Equal(Without(1, 2, 3), Refine(new FakeJudge(_ => 1), [Without(1, 2, 3), Without(4, 5, 6)]).Kept);

    [Fact]
    public void Run_LossThatIsNoNumber_IsNeverBest()
    {
        var judge = new FakeJudge(dropped => dropped.Contains(4) ? double.NaN : -dropped.Sum());

        Assert.Equal(Without(6, 7, 8), Refine(judge, [Without(1, 2, 4), Without(1, 2, 3)]).Kept);
    }

    // A round judges the kept ones that may go and the dropped ones, not all pairs.
    [Fact]
    public void Run_OneRound_JudgesAboutTwoModelsForEveryLayer()
    {
        var judge = new FakeJudge(dropped => dropped is [1, 2, 3] ? 0 : 1);
        Refine(judge, [Without(1, 2, 3)]);

        Assert.Equal(1 + (5 + 3) + (3 + 5), judge.Judged);
    }

    // Layers of weight 1 to 10, of which 15 have to go: an exchange may change how many.
    [Fact]
    public void Run_WeighedLayers_StaysWithinTheBudget()
    {
        var schedule = new WeighedDrops([.. Enumerable.Range(1, Layers).Select(weight => (long)weight)], 15.0 / 55, searchSteps: 1, ramp: 1, s_ends);
        double[] cost = Costs(5);
        bool[] start = schedule.KeptAt(cost, 0);
        RefinedMask refined = new MaskRefinement(new FakeJudge(dropped => dropped.Sum(layer => cost[^(layer + 1)])), schedule.IsEnough, s_ends).Run([start], 8);

        Assert.True(schedule.IsEnough(start));
        Assert.True(schedule.IsEnough(refined.Kept));
        Assert.True(refined.Kept[0] && refined.Kept[^1]);
        Assert.False(schedule.IsEnough([.. Enumerable.Repeat(true, Layers)]));
        Assert.False(schedule.IsEnough([.. Enumerable.Range(0, Layers).Select(layer => layer is 0 or Layers - 1)])); // more than must go
    }

    [Fact]
    public void Run_NothingToChange_IsDone()
    {
        var judge = new FakeJudge(_ => 1);

        Assert.Equal(0, new MaskRefinement(judge, _ => false, s_ends).Run([Without(1, 2, 3)], 8).Exchanges);
        Assert.Equal(1, judge.Judged);
        Assert.Throws<ArgumentException>(() => Refine(judge, []));
    }

    private static RefinedMask Refine(FakeJudge judge, bool[][] candidates, int exchanges = 8) =>
        new MaskRefinement(judge, kept => kept.Count(stays => !stays) == Drop, s_ends).Run(candidates, exchanges);

    private static bool[] Without(params int[] layers) => [.. Enumerable.Range(0, Layers).Select(layer => !layers.Contains(layer))];

    private static double[] Costs(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Layers).Select(_ => random.NextDouble())];
    }
}
