using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Search;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs <see cref="SearchStage"/>.</summary>
internal sealed class SearchStep : IStage
{
    public string Name => "search";

    public string FolderName => RunFiles.SearchFolder;

    public string Description => "Learns which layers to drop, together with the weights.";

    public IReadOnlyList<string> Needs => ["capture", "importance"];

    public string InputHash(Recipe recipe, RunFolder folder) => new InputHasher(Name, 1)
        .Add("search", recipe.Search).Add("train", recipe.Train).Add("kd", recipe.Kd).Add("mesh", recipe.Mesh).Add("seed", recipe.Seed)
        .AddUpstream(folder, RunFiles.StoreFolder).AddUpstream(folder, RunFiles.ImportanceFolder).Finish();

    public long KeptProgress(RunFolder folder) => folder.NewestCheckpoint(RunFiles.SearchFolder + "/" + SearchStage.CheckpointFolder);

    public StageResult Run(StageContext context)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        string teacher = StageOptions.Teacher(recipe);
        var scores = recipe.Search.Scores;
        var result = new SearchStage(
            new SearchOptions
            {
                TeacherFolder = teacher,
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                StoreFolder = folder.In(RunFiles.StoreFolder),
                ImportanceFile = folder.In(RunFiles.Importance),
                OutputFolder = folder.In(RunFiles.SearchFolder),
                Train = StageOptions.Train(recipe),
                Steps = recipe.SearchSteps,
                KeepLayers = StageOptions.KeepLayers(recipe, ModelFamilies.ReadConfig(teacher).Config.LayerCount),
                ProtectsEnds = recipe.Search.ProtectEnds,
                Objective = StageOptions.Objective(recipe, recipe.Search.Objective),
                Temperature = new TemperatureSchedule { Initial = recipe.Search.Temperature, AnnealCoefficient = recipe.Search.Anneal },
                Relaxation = recipe.Search.Relax,
                Ramp = recipe.Search.Ramp,
                Scores = new ScoreInitialization { Method = scores.Init, Scale = scores.Scale },
                ScoreOptimizer = new ScoreOptimizerOptions { LearningRate = scores.LearningRate, Beta1 = scores.Betas[0], Beta2 = scores.Betas[1] },
                DrawsPerStep = recipe.Search.DrawsPerStep,
                MeasuresLayers = recipe.Mesh.LayerCosts == LayerCostSource.Measured,
                RebalanceThreshold = recipe.Mesh.RebalanceThreshold,
            },
            context.Environment).Run();
        return new StageResult([RunFiles.Mask, RunFiles.SearchFolder + "/" + SearchStage.CheckpointFolder], result.Tokens, result.SkippedSteps);
    }
}
