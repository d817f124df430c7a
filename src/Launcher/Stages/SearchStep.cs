using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs the <see cref="ILayerPruner"/> that the recipe names: <see cref="SearchStage"/> or a <see cref="SelectionStage"/>.</summary>
internal sealed class SearchStep : IStage
{
    public string Name => "search";

    public string FolderName => RunFiles.SearchFolder;

    public string Description => "Chooses which layers to drop: learns it together with the weights, or by another method.";

    public IReadOnlyList<string> Needs(Recipe recipe) =>
    [
        "corpus",
        .. StageOptions.SearchNeedsCapture(recipe) ? ["capture"] : Array.Empty<string>(),
        .. recipe.Search.Method == PruningMethod.E3Pruner ? ["importance"] : Array.Empty<string>(),
    ];

    // Methods that train nothing do not depend on how the recovery trains: their masks serve every recovery.
    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var hasher = new InputHasher(Name, 3)
            .Add("search", recipe.Search).Add("importance", recipe.Importance).Add("mesh", recipe.Mesh).Add("seed", recipe.Seed)
            .Add("model", recipe.Model).AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder);
        if (recipe.Search.Method == PruningMethod.E3Pruner)
            hasher.Add("train", recipe.Train).Add("kd", recipe.Kd).AddUpstream(folder, RunFiles.ImportanceFolder);
        if (StageOptions.SearchNeedsCapture(recipe))
            hasher.AddUpstream(folder, RunFiles.StoreFolder);
        return hasher.Finish();
    }

    public long KeptProgress(RunFolder folder) => folder.NewestCheckpoint(RunFiles.SearchFolder + "/" + SearchStage.CheckpointFolder);

    public StageResult Run(StageContext context)
    {
        var recipe = context.Recipe;
        string teacher = StageOptions.Teacher(recipe);
        if (File.Exists(Path.Combine(teacher, StreamPatch.FileName)))
            throw new RecipeException(
                $"model.teacher: {teacher} has {StreamPatch.FileName}, so it is a student with patches, which cannot be pruned once more. Take its teacher.");
        int? keep = StageOptions.KeepLayersUnlessWeighed(recipe, ModelFamilies.ReadConfig(teacher).Config);
        bool trains = recipe.Search.Method == PruningMethod.E3Pruner;
        ILayerPruner pruner = trains ? Search(context, teacher, keep) : Selection(context, teacher, keep!.Value); // only the search weighs
        var result = pruner.Run();
        string[] outputs = trains ? [RunFiles.Mask, RunFiles.SearchFolder + "/" + SearchStage.CheckpointFolder] : [RunFiles.Mask];
        return new StageResult(outputs, trains ? result.Tokens : (long)result.ForwardTokens, result.SkippedSteps);
    }

    private static SelectionStage Selection(StageContext context, string teacher, int keep) => new(
        LayerSelectors.Create(context.Recipe.Search.Method),
        new SelectionOptions
        {
            TeacherFolder = teacher,
            CorpusFile = context.Folder.In(RunFiles.TrainCorpus),
            OutputFolder = context.Folder.In(RunFiles.SearchFolder),
            KeepLayers = keep,
            ProtectsEnds = context.Recipe.Search.ProtectEnds,
            Sequences = context.Recipe.Importance.Sequences,
            MicroBatchSequences = context.Recipe.Importance.BatchSequences,
            Seed = (ulong)context.Recipe.Seed,
            DType = StageOptions.DType(context.Recipe),
        },
        context.Environment);

    private static SearchStage Search(StageContext context, string teacher, int? keep)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        var scores = recipe.Search.Scores;
        return new SearchStage(
            new SearchOptions
            {
                TeacherFolder = teacher,
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                StoreFolder = folder.In(RunFiles.StoreFolder),
                ImportanceFile = folder.In(RunFiles.Importance),
                OutputFolder = folder.In(RunFiles.SearchFolder),
                Train = StageOptions.Train(recipe),
                Steps = recipe.SearchSteps,
                KeepLayers = keep,
                DropShare = recipe.Search.DropShare,
                ProtectsEnds = recipe.Search.ProtectEnds,
                Objective = StageOptions.Objective(recipe, recipe.Search.Objective),
                Temperature = new TemperatureSchedule { Initial = recipe.Search.Temperature, AnnealCoefficient = recipe.Search.Anneal, Form = recipe.Search.Annealing },
                Relaxation = recipe.Search.Relax,
                Ramp = recipe.Search.Ramp,
                Noise = recipe.Search.Noise,
                Importance = scores.Importance,
                Scores = new ScoreInitialization { Method = scores.Init, Scale = scores.Scale },
                ScoreOptimizer = new ScoreOptimizerOptions { LearningRate = scores.LearningRate, Beta1 = scores.Betas[0], Beta2 = scores.Betas[1] },
                DrawsPerStep = recipe.Search.DrawsPerStep,
                MeasuresLayers = recipe.Mesh.LayerCosts == LayerCostSource.Measured,
                RebalanceThreshold = recipe.Mesh.RebalanceThreshold,
            },
            context.Environment);
    }
}
