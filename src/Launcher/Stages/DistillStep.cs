using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="DistillStage"/>.</summary>
internal sealed class DistillStep : IStage
{
    public string Name => "distill";

    public string FolderName => RunFiles.DistillFolder;

    public string Description => "Recovers the pruned model: by distillation from the stored logits, by fine-tuning on the text, or not at all.";

    public IReadOnlyList<string> Needs(Recipe recipe) =>
        [.. StageOptions.RecoveryReadsStore(recipe) ? ["capture"] : Array.Empty<string>(), .. StageOptions.PrunedBy(recipe)];

    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var hasher = new InputHasher(Name, 2).Add("recovery", recipe.Recovery).AddUpstream(folder, RunFiles.SearchFolder);
        if (recipe.Compensation != CompensationMethod.None)
            hasher.AddUpstream(folder, RunFiles.CompensationFolder);
        if (recipe.Recovery != RecoveryMethod.None)
            hasher.Add("train", recipe.Train);
        if (StageOptions.RecoveryReadsStore(recipe))
            hasher.Add("kd", recipe.Kd).AddUpstream(folder, RunFiles.StoreFolder);
        return hasher.Finish();
    }

    public long KeptProgress(RunFolder folder) => folder.NewestCheckpoint(RunFiles.DistillFolder + "/" + DistillStage.CheckpointFolder);

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        if (recipe.Recovery == RecoveryMethod.None)
            return new StageResult([], 0);
        var result = new DistillStage(
            new DistillOptions
            {
                TeacherFolder = StageOptions.Teacher(recipe),
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                StoreFolder = folder.In(RunFiles.StoreFolder),
                SearchFolder = folder.In(RunFiles.SearchFolder),
                CompensationFolder = StageOptions.CompensationFolder(recipe, folder),
                OutputFolder = folder.In(RunFiles.DistillFolder),
                Train = StageOptions.Train(recipe),
                TotalSteps = recipe.Train.Steps,
                Objective = StageOptions.Recovery(recipe),
            },
            context.Environment).Run();
        return new StageResult([RunFiles.DistillFolder + "/" + DistillStage.CheckpointFolder], result.Tokens, result.SkippedSteps);
    }
}
