using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Compensation;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="CompensationStage"/>.</summary>
internal sealed class CompensateStep : IStage
{
    public string Name => "compensate";

    public string FolderName => RunFiles.CompensationFolder;

    public string Description => "Measures what makes up for the dropped layers, where the recipe asks for it.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["corpus", "search"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 1)
        .Add("compensation", recipe.Compensation).Add("importance", recipe.Importance).AddUpstream(folder, RunFiles.SearchFolder).Finish();

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        if (recipe.Compensation == CompensationMethod.None)
            throw new RecipeException("compensation: none, so there is nothing to measure. Set it to prune-and-comp, linear-patch or concatenate.");
        var result = new CompensationStage(
            new CompensationOptions
            {
                Method = recipe.Compensation,
                TeacherFolder = StageOptions.Teacher(recipe),
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                SearchFolder = folder.In(RunFiles.SearchFolder),
                OutputFolder = folder.In(RunFiles.CompensationFolder),
                Train = StageOptions.Train(recipe),
                Sequences = recipe.Importance.Sequences,
                MicroBatchSequences = recipe.Importance.BatchSequences,
            },
            context.Environment).Run();
        return new StageResult([RunFiles.CompensationFolder + "/" + CompensationResult.FileName], (long)result.ForwardTokens);
    }
}
