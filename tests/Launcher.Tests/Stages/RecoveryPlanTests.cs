using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Stages;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Tests.Stages;

/// <summary>Which stages a run takes, by how it selects and how it recovers.</summary>
public class RecoveryPlanTests
{
    [Theory]
    [InlineData(PruningMethod.ShortGpt, RecoveryMethod.AdaptiveKd, true, false)]
    [InlineData(PruningMethod.ShortGpt, RecoveryMethod.Kd, true, false)]
    [InlineData(PruningMethod.ShortGpt, RecoveryMethod.Sft, false, false)]
    [InlineData(PruningMethod.ShortGpt, RecoveryMethod.None, false, false)]
    [InlineData(PruningMethod.E3Pruner, RecoveryMethod.AdaptiveKd, true, true)]
    [InlineData(PruningMethod.E3Pruner, RecoveryMethod.None, true, true)] // the search itself distils
    public void WholeRun_AnyPair_CapturesAndRanksOnlyWhereThatIsRead(PruningMethod method, RecoveryMethod recovery, bool captures, bool ranks)
    {
        string[] stages = Stages(new Recipe { Recovery = recovery, Search = new SearchSection { Method = method } });

        Assert.Equal(captures, stages.Contains("capture"));
        Assert.Equal(ranks, stages.Contains("importance"));
        Assert.Subset(stages.ToHashSet(), new HashSet<string> { "corpus", "search", "distill", "export", "evaluate", "report" });
    }

    [Fact]
    public void WholeRun_SearchAndRecoveryByCrossEntropy_NeedsNoStore() => Assert.DoesNotContain(
        "capture",
        Stages(new Recipe { Recovery = RecoveryMethod.Sft, Search = new SearchSection { Objective = ObjectiveKind.CrossEntropy } }));

    [Fact]
    public void WholeRun_ExpertsBalancedByMeasuredLoad_CapturesForTheLoad() => Assert.Contains(
        "capture",
        Stages(new Recipe
        {
            Recovery = RecoveryMethod.None,
            Search = new SearchSection { Method = PruningMethod.Random },
            Mesh = new MeshSection { ExpertPlacement = ExpertPlacementKind.Balanced },
        }));

    private static string[] Stages(Recipe recipe) => [.. StagePlan.For(StageCatalog.All, recipe, StageCatalog.WholeRun).Stages.Select(stage => stage.Name)];
}
