using E3Scale.MoE;
using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Tests.Search;

public sealed class WeighedDropsTests
{
    [Fact]
    public void KeptAt_LayersOfOneSize_IsTheLargestScores()
    {
        double[] scores = [9, .9, .1, .8, .2, .7, .3, 9];
        WeighedDrops drops = new([7, 7, 7, 7, 7, 7, 7, 7], share: 0.375, searchSteps: 4, ramp: 1, [0, 7]);

        Assert.Equal(HardMask.TopK(scores, 5, [0, 7]), drops.KeptAt(scores, 3));
        Assert.Equal(HardMask.TopK(scores, 7, [0, 7]), drops.KeptAt(scores, 0)); // a quarter of 21: one layer has as much
    }

    [Fact]
    public void KeptAt_SmallAndLargeLayers_DropsTheLowestUntilTheShareIsReached()
    {
        // Of 24 a third is 8: layers 1 (1) and 2 (10) are the lowest, and with 2 alone it is reached, so 1 comes back.
        WeighedDrops drops = new([1, 1, 10, 10, 2], share: 1 / 3.0, searchSteps: 1, ramp: 1, []);

        Assert.Equal([true, true, false, true, true], drops.KeptAt([5, 1, 2, 3, 4], 0));
    }

    [Fact]
    public void KeptAt_LowestScoresEnough_LeavesLargeLayersAlone()
    {
        WeighedDrops drops = new([1, 1, 10, 10, 2], share: 0.1, searchSteps: 1, ramp: 1, []); // 3 of 24

        Assert.Equal([false, true, true, true, false], drops.KeptAt([1, 5, 4, 6, 2], 0));
    }

    [Fact]
    public void WeightAt_Ramp_GrowsToTheWholeShareAndStays()
    {
        WeighedDrops drops = new([10, 10, 10, 10], share: 0.5, searchSteps: 5, ramp: 0.8, []);

        Assert.Equal([5, 10, 15, 20, 20], Enumerable.Range(0, 5).Select(drops.WeightAt));
    }

    [Fact]
    public void Constructor_MoreThanMayGo_SaysHowMuchMay()
    {
        var error = Assert.Throws<ArgumentException>(() => new WeighedDrops([4, 1, 1, 4], share: 0.5, searchSteps: 1, ramp: 1, [0, 3]));

        Assert.Contains("the layers that may go have 20 %", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeptAt_MeasuredTimes_DropsByTime()
    {
        // 12 ms in all: half of it is in layers 1 and 3, whose scores are the lowest.
        WeighedDrops drops = new(WeighedDrops.WeightsOf([.002, .001, .004, .005]), share: 0.5, searchSteps: 1, ramp: 1, [], "time");

        Assert.Equal([true, false, true, false], drops.KeptAt([3, 1, 4, 2], 0));
        Assert.Equal([2_000_000, 1, 1], WeighedDrops.WeightsOf([.002, 0, 1e-12])); // what took no time can be weighed too
    }

    [Fact]
    public void Constructor_MoreTimeThanMayGo_SpeaksOfTime()
    {
        var error = Assert.Throws<ArgumentException>(() => new WeighedDrops([4, 1, 1, 4], 0.5, searchSteps: 1, ramp: 1, [0, 3], "time"));

        Assert.Contains("50 % of the layers' time is to go", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ParametersOf_Branches_AddUpToTheLayers(bool mixtureOfExperts)
    {
        DecoderConfig config = TestSupport.SmallModel.Parse(mixtureOfExperts ? TestSupport.SmallModel.DeepSeek(3) : TestSupport.SmallModel.Llama(3)).Config;
        long[] layers = WeighedDrops.ParametersOf(config), branches = WeighedDrops.ParametersOf(config, PruningUnits.Branches);

        Assert.Equal(layers, branches.Chunk(2).Select(pair => pair.Sum()));
        Assert.Equal(mixtureOfExperts ? branches[0] : 24 + 2 * 24 * 24 + 2 * 24 * 12, branches[0]); // norm, q and o, k and v
        Assert.Equal(branches[0], branches[2]);
    }

    [Fact]
    public void ParametersOf_DenseAndMixtureLayers_CountsEachByItsTensors()
    {
        DecoderConfig config = TestSupport.SmallModel.Parse(TestSupport.SmallModel.DeepSeek(3)).Config;
        long[] parameters = WeighedDrops.ParametersOf(config);

        Assert.Equal(3, parameters.Length);
        long head = DecoderWeights.Embedding(config).Count + DecoderWeights.OfEnd(config).Sum(weight => weight.Count);
        Assert.Equal(DecoderWeights.All(config).Sum(weight => weight.Count) - head, parameters.Sum());
        Assert.True(parameters[2] > parameters[0], "a mixture of experts is larger than a dense layer");
    }
}
