using E3Scale.Sharding.Planning;

namespace E3Scale.Sharding.Tests.Planning;

public class PlannerTests
{
    [Fact]
    public void Search_FourDevices_ConsidersEveryMeshOnceAndRanksThoseThatFitByTime()
    {
        var candidates = new Planner(TinyPlan.Experts, TinyPlan.Cluster, TinyPlan.Workload).Search();

        // Pipeline 1 with data 4, pipeline 2 with data 2, pipeline 4 with data 1: expert axes of 3 + 2 + 1 divisors.
        Assert.Equal(6, candidates.Select(candidate => candidate.Mesh).Distinct().Count());
        var fitting = candidates.TakeWhile(candidate => candidate.Rejection is null).ToList();
        Assert.All(candidates.Skip(fitting.Count), candidate => Assert.NotNull(candidate.Rejection));
        Assert.Equal(fitting.OrderBy(candidate => candidate.Plan!.Recipe.Total), fitting);
    }

    [Fact]
    public void Consider_MoreStagesThanLayers_SaysSo()
    {
        var candidate = new Planner(TinyPlan.Dense, TinyPlan.Cluster, TinyPlan.Workload).Consider(new MeshShape(4, 1, 1));

        Assert.Null(candidate.Plan);
        Assert.Contains("4 pipeline stages for a model of 2 layers", candidate.Rejection);
    }

    [Fact]
    public void Consider_ExpertAxisOnADenseModel_SaysSo()
    {
        var candidate = new Planner(TinyPlan.Dense, TinyPlan.Cluster, TinyPlan.Workload).Consider(new MeshShape(1, 2, 4));

        Assert.Contains("expert 2 does not divide the model's 0 routed experts", candidate.Rejection);
    }

    [Fact]
    public void Consider_BatchThatCannotBeDealt_SaysSo()
    {
        var candidate = new Planner(TinyPlan.Dense, TinyPlan.Cluster, TinyPlan.Workload with { BatchSequences = 6 }).Consider(new MeshShape(1, 1, 4));

        Assert.Contains("6 micro-batches per step cannot be dealt evenly to 4 data ranks", candidate.Rejection);
    }

    [Fact]
    public void Consider_TooLittleMemory_NamesStageExcessAndLargestKind()
    {
        // An embedding of 80 million parameters: 0.32 GB of weights, 0.48 of gradients, half of 0.64 of moments, 0.32 to add them up.
        var config = TinyPlan.Dense with { VocabularySize = 10_000_000 };

        var candidate = new Planner(config, TinyPlan.Cluster, TinyPlan.Workload).Consider(new MeshShape(2, 1, 2));

        Assert.NotNull(candidate.Plan);
        Assert.Matches(@"^stage \d needs 1\.4 GB of 1\.0 GB, 0\.4 GB too much; most of it gradients, 0\.5 GB$", candidate.Rejection);
    }

    // The second round leaves out each of one layer less, of a model with one layer less.
    [Fact]
    public void Plan_ImportanceInRounds_TakesLessTimeInEach()
    {
        double one = Importance(1), two = Importance(2);
        double layers = TinyPlan.Dense.LayerCount;

        Assert.Equal(one * (1 + Math.Pow((layers - 1) / layers, 2)), two, 1e-12);

        static double Importance(int rounds) => new Planner(TinyPlan.Dense, TinyPlan.Cluster, TinyPlan.Workload with { ImportanceRounds = rounds })
            .Plan(MeshShape.OneRank).Recipe.Importance;
    }

    [Fact]
    public void Plan_CaptureAndSteps_AreInTheRecipe()
    {
        var plan = new Planner(TinyPlan.Dense, TinyPlan.Cluster, TinyPlan.Workload).Plan(new MeshShape(1, 1, 1));

        Assert.Equal(plan.Search.Seconds, plan.Recipe.Search, 1e-12);
        Assert.Equal(9 * plan.Distill.Seconds, plan.Recipe.Distill, 1e-9);
        Assert.Equal(4 * 3_000 / 1e9, plan.Recipe.Load, 1e-12);
        // 40 micro-batches of 10 positions: two layers and the whole head.
        Assert.Equal(400 * 2 * (2 * (640 + 160) + 32 * 8) / 1e9, plan.Recipe.Capture, 1e-9);
    }
}
