using E3Scale.Launcher.Recipes;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Tests.Recipes;

public sealed class EnumNamesTests
{
    public static TheoryData<PruningMethod> Methods => [.. Enum.GetValues<PruningMethod>().Where(method => !method.Trains())];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Of_PruningMethod_IsTheNameItHasInItsResults(PruningMethod method) =>
        Assert.Equal(LayerSelectors.Create(method).Name, EnumNames.Of(method));

    [Theory]
    [InlineData("e3-pruner", PruningMethod.E3Pruner)]
    [InlineData("sheared-llama", PruningMethod.ShearedLlama)]
    public void Of_MethodThatTrains_IsTheNameItHasInItsResults(string name, PruningMethod method) => Assert.Equal(name, EnumNames.Of(method));
}
