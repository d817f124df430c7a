using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Tests.Search;

/// <summary>A student of nothing but numbers: its loss is a function of the dropped layers.</summary>
internal sealed class FakeJudge(Func<int[], double> loss) : IMaskJudge
{
    /// <summary>Masks judged so far.</summary>
    public int Judged { get; private set; }

    public double[] Losses(IReadOnlyList<bool[]> masks)
    {
        Judged += masks.Count;
        return [.. masks.Select(mask => loss(Dropped(mask)))];
    }

    public double[] LossesWithoutEach(bool[] kept, IReadOnlyList<int> units)
    {
        Assert.All(units, unit => Assert.True(kept[unit]));
        Assert.Equal(units.Order(), units);
        Judged += units.Count;
        return [.. units.Select(unit => loss([.. Dropped(kept).Append(unit).Order()]))];
    }

    private static int[] Dropped(bool[] kept) => [.. Enumerable.Range(0, kept.Length).Where(layer => !kept[layer])];
}
