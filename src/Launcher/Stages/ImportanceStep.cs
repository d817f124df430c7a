using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Search;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="ImportanceStage"/>.</summary>
internal sealed class ImportanceStep : IStage
{
    public string Name => "importance";

    public string FolderName => RunFiles.ImportanceFolder;

    public string Description => "Measures what leaving out each single layer, or branch of one, costs.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["corpus"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 3)
        .Add("importance", recipe.Importance)
        .Add("units", recipe.Search.Units).Add("times", MeasuresTimes(recipe))
        .Add("model", recipe.Model).Add("seed", recipe.Seed)
        .AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder).Finish();

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
                DType = StageOptions.DType(recipe),
            },
            context.Environment).Run();
        return new StageResult([RunFiles.Importance], result.Tokens * (result.Kl.Length / 2 + 2));
    }

    private static bool MeasuresTimes(Recipe recipe) => recipe.Search.Budget == PruningBudget.Latency;
}
