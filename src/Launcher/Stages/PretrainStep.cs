using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Pruner.Pretrain;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="PretrainStage"/>, with a corpus of its own.</summary>
internal sealed class PretrainStep : IStage
{
    public string Name => "pretrain";

    public string FolderName => RunFiles.PretrainFolder;

    public string Description => "Trains a small model from random weights.";

    public IReadOnlyList<string> Needs(Recipe recipe) => [];

    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var pretrain = Section(recipe);
        string config = recipe.ResolvePath(pretrain.Config);
        return new InputHasher(Name, 1).Add("pretrain", pretrain).Add("train", recipe.Train).Add("mesh", recipe.Mesh).Add("model", recipe.Model)
            .AddFiles(Path.Combine(config, "config.json"))
            .Add("corpus", CorpusStage.Hash(recipe, config, pretrain.TextPasses)).Finish();
    }

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        var pretrain = Section(recipe);
        string config = recipe.ResolvePath(pretrain.Config);
        CorpusStage.Build(context, config, pretrain.TextPasses);
        var result = new PretrainStage(
            new PretrainOptions
            {
                ConfigFolder = config,
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                HeldOutFile = folder.In(RunFiles.HeldOutCorpus),
                WorkFolder = folder.In(RunFiles.PretrainFolder),
                OutputFolder = recipe.ResolvePath(pretrain.Output),
                Train = StageOptions.Train(recipe),
                Steps = recipe.Train.Steps,
                BiasUpdateSpeed = pretrain.BiasUpdateSpeed,
                HeldOutEverySteps = pretrain.HeldoutEverySteps,
            },
            context.Environment).Run();
        return new StageResult([RunFiles.PretrainFolder + "/pretrain.json"], result.Tokens, result.SkippedSteps);
    }

    private static PretrainSection Section(Recipe recipe) => recipe.Pretrain
        ?? throw new RecipeException("pretrain: the recipe has no such section. It names the model to make: config and output.");
}
