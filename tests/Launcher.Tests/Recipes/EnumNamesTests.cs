using E3Scale.Launcher.Recipes;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Tests.Recipes;

public sealed class EnumNamesTests
{
    public static TheoryData<PruningMethod> Methods => [.. Enum.GetValues<PruningMethod>().Where(method => method != PruningMethod.E3Pruner)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Of_PruningMethod_IsTheNameItHasInItsResults(PruningMethod method) =>
        Assert.Equal(LayerSelectors.Create(method).Name, EnumNames.Of(method));

    [Fact]
    public void Of_TheSearchItself_IsTheNameItHasInItsResults() => Assert.Equal("e3-pruner", EnumNames.Of(PruningMethod.E3Pruner));
}
