using E3Scale.Pruner.Importance;
using E3Scale.Sharding;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Tests.Search;

public sealed class StartingImportanceTests
{
    // Of five layers, the ends protected. Greedily, two of them cost 0.4 together.
    private static readonly ImportanceResult s_importance = new()
    {
        Layers = 5,
        Kl = [9, .1, .3, .2, 9],
        GreedyKl = [9, .1, .4, .6, 9],
        BlockInfluence = [.5, .3, .1, .2, .5],
        ProtectedLayers = [0, 4],
        CalibrationSequences = 1,
        Tokens = 1,
        TeacherHash = "",
    };

    [Theory]
    [InlineData(ImportanceMeasure.Kl, "kl")]
    [InlineData(ImportanceMeasure.GreedyKl, "kl_greedy")]
    [InlineData(ImportanceMeasure.BlockInfluence, "bi")]
    public void Of_ANamedMeasure_IsThat(ImportanceMeasure measure, string field) =>
        Assert.Equal(field, Choose(new() { Importance = measure }).Field);

    [Theory]
    [InlineData(3, 0.4, "kl_greedy")] // two go, which cost just as much as is tolerable
    [InlineData(3, 0.39, "bi")]
    [InlineData(4, 0.1, "kl_greedy")] // one goes
    [InlineData(2, 0.5, "bi")] // three go
    [InlineData(5, 0, "kl_greedy")] // none goes
    public void Of_ByDamage_GoesByWhatTheGreedyLayersCost(int keep, double tolerable, string field)
    {
        var start = Choose(new() { Importance = ImportanceMeasure.ByDamage, TolerableDamage = tolerable, KeepLayers = keep });

        Assert.Equal(field, start.Field);
        Assert.Equal(field == "bi" ? s_importance.BlockInfluence! : s_importance.GreedyKl!, start.Values);
    }

    [Fact]
    public void Of_ByDamageOfAFileWithoutGreedyDivergence_SaysWhatToDo()
    {
        var error = Assert.Throws<StageInputException>(
            () => Choose(new() { Importance = ImportanceMeasure.ByDamage }, s_importance with { GreedyKl = null }));

        Assert.Contains("importance.json: no greedy divergence (field kl_greedy)", error.Message, StringComparison.Ordinal);
        Assert.Contains("Run the importance stage again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ZeroScores_NeedsNoMeasure() =>
        Choose(
            new() { Importance = ImportanceMeasure.BlockInfluence, Scores = new() { Method = ScoreInitializationMethod.Zeros } },
            s_importance with { BlockInfluence = null });

    private static StartingImportance Choose(Settings settings, ImportanceResult? importance = null)
    {
        var options = new SearchOptions
        {
            TeacherFolder = "", CorpusFile = "", StoreFolder = "", ImportanceFile = "importance.json", OutputFolder = "",
            Train = new TrainOptions(), Steps = 4, KeepLayers = settings.KeepLayers,
            Importance = settings.Importance, TolerableDamage = settings.TolerableDamage, Scores = settings.Scores,
        };
        return StartingImportance.Of(options, importance ?? s_importance, MaskLearner.ScheduleOf(options, 5, [0, 4], null));
    }

    private sealed record Settings
    {
        public ImportanceMeasure Importance { get; init; }

        public double TolerableDamage { get; init; } = 0.5;

        public int KeepLayers { get; init; } = 3;

        public ScoreInitialization Scores { get; init; } = new();
    }
}
