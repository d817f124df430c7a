using E3Scale.Data.Chat;
using E3Scale.Evaluation;
using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Tasks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Search;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="EvaluateStage"/>.</summary>
internal sealed class EvaluateStep : IStage
{
    public string Name => "evaluate";

    public string FolderName => RunFiles.EvaluateFolder;

    public string Description => "Compares teacher, pruned model and student.";

    public IReadOnlyList<string> Needs(Recipe recipe) => ["export"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 1)
        .Add("evaluate", recipe.Evaluate).AddUpstream(folder, RunFiles.ExportFolder).Finish();

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        if (recipe.Corpus.Heldout.Count == 0)
            throw new RecipeException("corpus.heldout: no file. Evaluation measures the models on text they were not trained on; name some.");
        var mask = JsonFile.Read<MaskResult>(folder.In(RunFiles.Mask), "search");
        var (_, tokens) = new EvaluateStage(
            new EvaluateOptions
            {
                TeacherFolder = StageOptions.Teacher(recipe),
                StudentFolder = folder.In(RunFiles.StudentFolder),
                DroppedLayers = mask.Dropped,
                DroppedBranches = mask.DroppedBranches,
                HeldOutFile = folder.In(RunFiles.HeldOutCorpus),
                StoreFolder = StageOptions.SearchReadsStore(recipe) || StageOptions.RecoveryReadsStore(recipe) ? folder.In(RunFiles.StoreFolder) : null,
                OutputFile = folder.In(RunFiles.Summary),
                HeldOutSequences = recipe.Evaluate.HeldoutSequences,
                ArithmeticItems = recipe.Evaluate.ArithmeticItems,
                MaxNewTokens = recipe.Evaluate.MaxNewTokens,
                BatchSequences = recipe.Evaluate.Batch,
                Seed = (ulong)recipe.Seed,
                DType = StageOptions.DType(recipe),
                Tasks = Tasks(recipe),
                Chains = Chains(recipe.Evaluate.Chain),
                Costs = Costs(recipe, folder),
            },
            context.Environment).Run();
        return new StageResult([RunFiles.Summary], tokens);
    }

    private static ChainOptions? Chains(ChainSection chain) => chain.ItemsPerLength == 0 ? null : new ChainOptions
    {
        Lengths = chain.Lengths,
        ItemsPerLength = chain.ItemsPerLength,
        Samples = chain.Samples,
        Temperature = chain.Temperature,
        TopP = chain.TopP,
    };

    private static TaskOptions? Tasks(Recipe recipe) => recipe.Evaluate.Tasks.Count == 0 ? null : new TaskOptions
    {
        TasksFolder = recipe.ResolvePath(recipe.Evaluate.TasksDir!),
        Tasks = recipe.Evaluate.Tasks,
        Limit = recipe.Evaluate.TaskLimit,
        BatchSize = recipe.Evaluate.Batch,
        MaxNewTokens = recipe.Evaluate.TaskMaxNewTokens,
        AddsBos = recipe.Evaluate.TaskAddBos,
        Chat = recipe.Evaluate.TaskChatTemplate is { } name ? ChatFormat.Named(name) : null,
    };

    /// <summary>Of the stages that this recipe needs: the folder may keep others, of a recipe before it.</summary>
    private Dictionary<string, StageCost> Costs(Recipe recipe, RunFolder folder)
    {
        var costs = new Dictionary<string, StageCost>();
        foreach (var stage in StagePlan.For(StageCatalog.All, recipe, Needs(recipe)).Stages)
            if (folder.ReadMarker(stage.FolderName) is { } marker)
                costs[stage.Name] = new StageCost(marker.Tokens, marker.Seconds, marker.PeakMemoryBytes);
        return costs;
    }
}
