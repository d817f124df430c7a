using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="ImportanceStage"/>.</summary>
internal sealed class ImportanceStep : IStage
{
    public string Name => "importance";

    public string FolderName => RunFiles.ImportanceFolder;

    public string Description => "Measures what leaving out each single layer, or branch of one, costs.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["corpus"];

    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var hasher = new InputHasher(Name, 3)
            .Add("importance", recipe.Importance)
            .Add("units", recipe.Search.Units).Add("times", MeasuresTimes(recipe))
            .Add("model", recipe.Model).Add("seed", recipe.Seed)
            .AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder);
        if (Greedy(recipe) is { } target)
            hasher.Add("greedy_drop", target.Drop).Add("greedy_protected", target.ProtectedLayers);
        return hasher.Finish();
    }

    public StageResult Run(StageContext context)
    {
        var recipe = context.Recipe;
        var result = new ImportanceStage(
            new ImportanceOptions
            {
                TeacherFolder = StageOptions.Teacher(recipe),
                CorpusFile = context.Folder.In(RunFiles.TrainCorpus),
                OutputFile = context.Folder.In(RunFiles.Importance),
                Sequences = recipe.Importance.Sequences,
                MicroBatchSequences = recipe.Importance.BatchSequences,
                Seed = (ulong)recipe.Seed,
                Units = recipe.Search.Units,
                MeasuresTimes = MeasuresTimes(recipe),
                Greedy = Greedy(recipe),
                DType = StageOptions.DType(recipe),
            },
            context.Environment).Run();
        return new StageResult([RunFiles.Importance], (long)result.ForwardTokens);
    }

    /// <summary>What the greedy divergence is measured for; null where the search starts from something else.</summary>
    private static SelectionTarget? Greedy(Recipe recipe)
    {
        if (!StageOptions.StartsGreedily(recipe))
            return null;
        int layers = ModelFamilies.ReadConfig(StageOptions.Teacher(recipe)).Config.LayerCount;
        int[] ends = recipe.Search.ProtectEnds ? [0, layers - 1] : [];
        // A budget in parameters or time has no number of layers; layers of mean size are near enough for a start.
        int drop = recipe.Search.Budget == PruningBudget.Layers
            ? layers - StageOptions.KeepLayers(recipe, layers)
            : (int)Math.Round(recipe.Search.DropShare!.Value * layers);
        var units = recipe.Search.Units;
        return new SelectionTarget(
            Math.Clamp(drop, 1, layers - ends.Length) * units.PerLayer(), [.. ends.SelectMany(layer => units.OfLayer(layer))], (ulong)recipe.Seed);
    }

    private static bool MeasuresTimes(Recipe recipe) => recipe.Search.Budget == PruningBudget.Latency;
}
