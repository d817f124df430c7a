using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Tests.Stages;

public sealed class StageOptionsTests
{
    [Theory]
    [InlineData(2, true, 2)]
    [InlineData(3, false, 1)]
    [InlineData(1, false, 3)]
    public void KeepLayers_PossibleNumber_IsWhatIsLeft(int drop, bool protectEnds, int expected) =>
        Assert.Equal(expected, StageOptions.KeepLayers(Search(drop, protectEnds), layers: 4));

    [Theory]
    [InlineData(3, true, "between 2 (search.protect_ends keeps the first and the last) and 4")]
    [InlineData(4, false, "between 1 and 4")]
    public void KeepLayers_TooFew_SaysWhatIsPossible(int drop, bool protectEnds, string reason) =>
        Assert.Contains(
            reason, Assert.Throws<RecipeException>(() => StageOptions.KeepLayers(Search(drop, protectEnds), layers: 4)).Message, StringComparison.Ordinal);

    private static Recipe Search(int drop, bool protectEnds) => new()
    {
        Name = "test",
        Model = new ModelSection { Teacher = "teacher" },
        Search = new SearchSection { DropLayers = drop, ProtectEnds = protectEnds },
    };
}
