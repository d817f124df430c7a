using E3Scale.Evaluation.Tasks;

namespace E3Scale.Evaluation.Tests.Tasks;

/// <summary>Numbers printed by CPython 3.11: <c>r = random.Random(1234)</c>.</summary>
public sealed class PythonRandomTests
{
    [Fact]
    public void NextBits_Seed1234_IsGetrandbits32()
    {
        var random = new PythonRandom(1234);
        Assert.Equal([4150886329, 3342196574, 1892932127], new[] { random.NextBits(), random.NextBits(), random.NextBits() });
    }

    [Fact]
    public void Sample_SmallPopulation_IsPythonsSampleFromAList()
    {
        var random = new PythonRandom(1234);
        Assert.Equal([28, 7, 0, 5, 2, 36, 6, 22, 15, 37, 30, 25, 29, 11, 20, 19, 31, 24, 14, 4, 35, 34, 3, 27, 23], random.Sample(40, 25));
        Assert.Equal([15, 4, 34, 29, 38, 5, 32, 2, 17, 26, 31, 33, 20, 9, 39, 11, 8, 7, 27, 6, 14, 16, 0, 18, 28], random.Sample(40, 25));
    }

    [Fact]
    public void Sample_LargePopulation_IsPythonsSampleWithASet()
    {
        var random = new PythonRandom(1234);
        Assert.Equal([989, 796, 451, 119, 7], random.Sample(1000, 5));
        Assert.Equal(389311301u, random.NextBits());
    }
}
