using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

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
        var hasher = new InputHasher(Name, 3).Add("recovery", recipe.Recovery);
        if (recipe.Compensation != CompensationMethod.None)
            hasher.AddUpstream(folder, RunFiles.SearchFolder).AddUpstream(folder, RunFiles.CompensationFolder);
        else if (recipe.Search.Method.Trains())
            hasher.AddUpstream(folder, RunFiles.SearchFolder);
        else
            AddMask(hasher, recipe, folder);
        if (recipe.Recovery != RecoveryMethod.None)
            hasher.Add("train", recipe.Train);
        if (StageOptions.RecoveryReadsStore(recipe))
            hasher.Add("kd", recipe.Kd).AddUpstream(folder, RunFiles.StoreFolder);
        return hasher.Finish();
    }

    // Methods that train nothing leave a mask and no more: two that drop the same layers have the same recovery.
    private static void AddMask(InputHasher hasher, Recipe recipe, RunFolder folder) => hasher
        .Add("kept", JsonFile.Read<MaskResult>(folder.In(RunFiles.Mask), "search").Kept).Add("mesh", recipe.Mesh).Add("seed", recipe.Seed)
        .Add("model", recipe.Model).AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder);

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
