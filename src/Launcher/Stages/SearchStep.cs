using E3Scale.Data.Arithmetic;
using E3Scale.Data.Tokenizers;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Methods;
using E3Scale.Pruner.Methods.Come;
using E3Scale.Pruner.Methods.DarwinLm;
using E3Scale.Pruner.Methods.IterativeTask;
using E3Scale.Pruner.Methods.ShearedLlama;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;

namespace E3Scale.Launcher.Stages;

/// <summary>Runs the <see cref="ILayerPruner"/> that the recipe names: <see cref="SearchStage"/> <see cref="ShearedLlamaStage"/> or a <see cref="SelectionStage"/>.</summary>
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

    // Methods that train nothing do not depend on how the recovery trains: their masks serve every recovery. Only E3-Pruner refines.
    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var hasher = new InputHasher(Name, 3)
            .Add("search", recipe.Search, recipe.Search.Method == PruningMethod.E3Pruner ? [] : ["refine"]).Add("importance", recipe.Importance).Add("mesh", recipe.Mesh).Add("seed", recipe.Seed)
            .Add("model", recipe.Model).AddFiles(StageOptions.Teacher(recipe)).AddUpstream(folder, RunFiles.CorpusFolder);
        if (recipe.Search.Method.Trains())
            hasher.Add("train", recipe.Train).Add("kd", recipe.Kd);
        if (recipe.Search.Method == PruningMethod.E3Pruner)
            hasher.AddUpstream(folder, RunFiles.ImportanceFolder);
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
        bool trains = recipe.Search.Method.Trains();
        // Only E3-Pruner's search weighs layers; the others are given a number.
        ILayerPruner pruner = recipe.Search.Method switch
        {
            PruningMethod.E3Pruner => Search(context, teacher, keep),
            PruningMethod.ShearedLlama => Sheared(context, teacher, keep!.Value),
            _ => Selection(context, teacher, keep!.Value),
        };
        var result = pruner.Run();
        string[] outputs = trains ? [RunFiles.Mask, RunFiles.SearchFolder + "/" + SearchStage.CheckpointFolder] : [RunFiles.Mask];
        return new StageResult(outputs, trains ? result.Tokens : (long)(result.ForwardTokens + result.GradientTokens), result.SkippedSteps);
    }

    private static SelectionStage Selection(StageContext context, string teacher, int keep) => new(
        LayerSelectors.Create(
            context.Recipe.Search.Method,
            new DarwinLmOptions
            {
                Generations = context.Recipe.Search.Darwin.Generations,
                TrainTokens = context.Recipe.Search.Darwin.TrainTokens,
                LearningRate = context.Recipe.Search.Darwin.LearningRate,
            },
            new ComeOptions { SearchesShare = context.Recipe.Search.Come.SearchShare }),
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
            Task = context.Recipe.Search.Method == PruningMethod.IterativeTask ? Task(context.Recipe, teacher) : null,
        },
        context.Environment);

    /// <summary>Problems as evaluation asks them, from the half that is trained on: a choice of layers must not have seen the other.</summary>
    private static AnswerMetric Task(Recipe recipe, string teacher)
    {
        var tokenizer = TokenizerLoader.Load(teacher);
        int[] start = tokenizer.BosId is { } bos ? [bos] : [], end = tokenizer.EosId is { } eos ? [eos] : [];
        var problems = ArithmeticTask.Generate(ArithmeticSplit.Train, (ulong)recipe.Seed, recipe.Search.TaskItems);
        return new AnswerMetric(
            [.. problems.Select(problem => new TaskItem([.. start, .. tokenizer.Encode(problem.Prompt)], [.. tokenizer.Encode(problem.Completion), .. end]))],
            recipe.Importance.BatchSequences);
    }

    private static ShearedLlamaStage Sheared(StageContext context, string teacher, int keep)
    {
        var (recipe, folder) = (context.Recipe, context.Folder);
        return new ShearedLlamaStage(
            new ShearedLlamaOptions
            {
                TeacherFolder = teacher,
                CorpusFile = folder.In(RunFiles.TrainCorpus),
                StoreFolder = folder.In(RunFiles.StoreFolder),
                OutputFolder = folder.In(RunFiles.SearchFolder),
                Train = StageOptions.Train(recipe),
                Steps = recipe.SearchSteps,
                KeepLayers = keep,
                ProtectsEnds = recipe.Search.ProtectEnds,
                Objective = StageOptions.Objective(recipe, recipe.Search.Objective),
                MaskLearningRate = recipe.Search.Sheared.MaskLearningRate,
                MultiplierLearningRate = recipe.Search.Sheared.MultiplierLearningRate,
                SparsityWarmup = recipe.Search.Sheared.SparsityWarmup,
                DrawsPerStep = recipe.Search.DrawsPerStep,
                MeasuresLayers = recipe.Mesh.LayerCosts == LayerCostSource.Measured,
                RebalanceThreshold = recipe.Mesh.RebalanceThreshold,
            },
            context.Environment);
    }

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
                Budget = recipe.Search.Budget,
                Units = recipe.Search.Units,
                ProtectsEnds = recipe.Search.ProtectEnds,
                Objective = StageOptions.Objective(recipe, recipe.Search.Objective),
                Temperature = new TemperatureSchedule { Initial = recipe.Search.Temperature, AnnealCoefficient = recipe.Search.Anneal, Form = recipe.Search.Annealing },
                Relaxation = recipe.Search.Relax,
                Ramp = recipe.Search.Ramp,
                Noise = recipe.Search.Noise,
                Importance = scores.Importance,
                TolerableDamage = scores.Damage,
                Scores = new ScoreInitialization { Method = scores.Init, Scale = scores.Scale },
                ScoreOptimizer = new ScoreOptimizerOptions { LearningRate = scores.LearningRate, Beta1 = scores.Betas[0], Beta2 = scores.Betas[1] },
                Refinement = new MaskRefinementOptions
                {
                    At = recipe.Search.Refine.At,
                    Draws = recipe.Search.Refine.Draws,
                    Exchanges = recipe.Search.Refine.Exchanges,
                    Sequences = recipe.Search.Refine.Sequences,
                },
                DrawsPerStep = recipe.Search.DrawsPerStep,
                MeasuresLayers = recipe.Mesh.LayerCosts == LayerCostSource.Measured,
                RebalanceThreshold = recipe.Mesh.RebalanceThreshold,
            },
            context.Environment);
    }
}
