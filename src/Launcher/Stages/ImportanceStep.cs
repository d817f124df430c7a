using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Importance;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="ImportanceStage"/>.</summary>
internal sealed class ImportanceStep : IStage
{
    public string Name => "importance";

    public string FolderName => RunFiles.ImportanceFolder;

    public string Description => "Measures what leaving out each single layer costs.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["corpus"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 2)
        .Add("importance", recipe.Importance).Add("model", recipe.Model).Add("seed", recipe.Seed)
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
                DType = StageOptions.DType(recipe),
            },
            context.Environment).Run();
        return new StageResult([RunFiles.Importance], result.Tokens * (result.Layers / 2 + 2));
    }
}
