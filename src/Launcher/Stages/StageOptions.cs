using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using TorchSharp;

namespace E3Scale.Launcher.Stages;

/// <summary>Turns sections of a recipe into the options of the parts that do the work.</summary>
internal static class StageOptions
{
    /// <summary>Type of weights and activations.</summary>
    public static torch.ScalarType DType(Recipe recipe) =>
        recipe.Model.Dtype == ComputeType.Bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;

    /// <summary>Training of search and recovery.</summary>
    public static TrainOptions Train(Recipe recipe)
    {
        var train = recipe.Train;
        bool hasAdapters = train.Adapter == Adapter.Lora;
        return new TrainOptions
        {
            Seed = (ulong)recipe.Seed,
            MaxSequences = recipe.Corpus.MaxSequences,
            BatchSequences = train.BatchSequences,
            MicroBatchSequences = train.MicroBatchSequences,
            LearningRate = new CosineSchedule
            {
                Peak = hasAdapters ? train.Lora.LearningRate ?? train.LearningRate : train.LearningRate,
                Minimum = train.MinLearningRate,
                WarmupSteps = train.WarmupSteps,
                TotalSteps = train.Steps,
            },
            Optimizer = new OptimizerOptions
            {
                Beta1 = train.Betas[0],
                Beta2 = train.Betas[1],
                WeightDecay = train.WeightDecay,
                ClipNorm = train.ClipNorm,
                ShardsStates = train.Zero > 0,
                BucketMebibytes = train.BucketMb,
                MaxSkippedSteps = train.MaxSkippedSteps,
            },
            Recomputation = train.Recompute,
            Lora = hasAdapters
                ? new LoraOptions
                {
                    Rank = train.Lora.Rank,
                    Alpha = train.Lora.Alpha,
                    Targets = train.Lora.Targets.Aggregate(LoraTargets.None, (all, target) => all | target),
                }
                : null,
            DType = DType(recipe),
            Frozen = hasAdapters ? train.Lora.BaseDtype : FrozenStorage.Same,
            Schedule = train.Schedule,
            CheckpointEverySteps = recipe.Checkpoint.EverySteps,
            CheckpointsKept = recipe.Checkpoint.Keep,
        };
    }

    /// <summary>Whether the search trains on the teacher's stored logits.</summary>
    public static bool SearchReadsStore(Recipe recipe) =>
        recipe.Search.Method.Trains() && recipe.Search.Objective != ObjectiveKind.CrossEntropy;

    /// <summary>Whether the recovery trains on the teacher's stored logits.</summary>
    public static bool RecoveryReadsStore(Recipe recipe) => recipe.Recovery is RecoveryMethod.Kd or RecoveryMethod.AdaptiveKd;

    /// <summary>Whether the search needs the capture stage: for the logits, or for the load of the experts that it measures.</summary>
    public static bool SearchNeedsCapture(Recipe recipe) => SearchReadsStore(recipe)
        || (recipe.Mesh is { ExpertPlacement: ExpertPlacementKind.Balanced, ExpertLoad: null });

    /// <summary>Stages that leave the model which the recovery begins with.</summary>
    public static IReadOnlyList<string> PrunedBy(Recipe recipe) => recipe.Compensation == CompensationMethod.None ? ["search"] : ["search", "compensate"];

    /// <summary>Folder of the compensation; null for a run without one.</summary>
    public static string? CompensationFolder(Recipe recipe, RunFolder folder) =>
        recipe.Compensation == CompensationMethod.None ? null : folder.In(RunFiles.CompensationFolder);

    /// <summary>What the recovery minimises.</summary>
    /// <exception cref="ArgumentException">There is no recovery.</exception>
    public static ObjectiveOptions Recovery(Recipe recipe) => Objective(recipe, recipe.Recovery switch
    {
        RecoveryMethod.AdaptiveKd => ObjectiveKind.AdaptiveKd,
        RecoveryMethod.Kd => ObjectiveKind.Kd,
        RecoveryMethod.Sft => ObjectiveKind.CrossEntropy,
        _ => throw new ArgumentException($"recovery {recipe.Recovery} minimises nothing", nameof(recipe)),
    });

    /// <summary>The distillation loss, or cross-entropy.</summary>
    public static ObjectiveOptions Objective(Recipe recipe, ObjectiveKind kind) => new()
    {
        Kind = kind,
        Form = recipe.Kd.Form,
        Weights = new EntropyWeights { Owner = recipe.Kd.EntropyOf, Source = recipe.Kd.Entropy, Weighting = recipe.Kd.Weight, Floor = recipe.Kd.Floor },
    };

    /// <summary>Where routed experts are placed.</summary>
    public static ExpertPlacementOptions Experts(Recipe recipe, RunFolder folder) => new()
    {
        Kind = recipe.Mesh.ExpertPlacement,
        ReplicasPerRank = recipe.Mesh.ExpertReplicas,
        LoadFile = recipe.Mesh.ExpertLoad is { } file ? recipe.ResolvePath(file) : folder.In(RunFiles.ExpertLoad),
    };

    /// <summary>Absolute path of the teacher's folder.</summary>
    public static string Teacher(Recipe recipe) => recipe.ResolvePath(recipe.Model.Teacher);

    /// <summary>Layers that stay; null where the recipe weighs them.</summary>
    /// <exception cref="RecipeException">The recipe drops more than can be dropped.</exception>
    public static int? KeepLayersUnlessWeighed(Recipe recipe, DecoderConfig config)
    {
        if (recipe.Search.Budget == PruningBudget.Layers)
            return KeepLayers(recipe, config.LayerCount);
        if (recipe.Search.Budget == PruningBudget.Latency)
            return null; // the times are measured first
        var units = recipe.Search.Units;
        int[] protectedLayers = recipe.Search.ProtectEnds ? [0, config.LayerCount - 1] : [];
        try
        {
            _ = new WeighedDrops(
                WeighedDrops.ParametersOf(config, units), recipe.Search.DropShare!.Value, 1, 1, [.. protectedLayers.SelectMany(layer => units.OfLayer(layer))]);
            return null;
        }
        catch (ArgumentException error)
        {
            throw new RecipeException($"search.drop_share: {error.Message}. Lower it.", error);
        }
    }

    /// <summary>Whether the search starts from divergences that are measured anew after each layer that goes.</summary>
    public static bool StartsGreedily(Recipe recipe) => recipe.Search is
    {
        Method: PruningMethod.E3Pruner,
        Scores: { Importance: ImportanceMeasure.GreedyKl or ImportanceMeasure.ByDamage, Init: not ScoreInitializationMethod.Zeros },
    };

    /// <summary>Layers that stay.</summary>
    /// <exception cref="RecipeException">The recipe drops more than can be dropped.</exception>
    public static int KeepLayers(Recipe recipe, int layers)
    {
        int keep = recipe.Search.KeepLayers ?? layers - recipe.Search.DropLayers!.Value;
        int fewest = recipe.Search.ProtectEnds ? Math.Min(2, layers) : 1;
        string reason = recipe.Search.ProtectEnds ? " (search.protect_ends keeps the first and the last)" : "";
        return keep >= fewest && keep <= layers ? keep : throw new RecipeException(
            $"search: {keep} of the teacher's {layers} layers would stay; between {fewest}{reason} and {layers} can. " +
            "Change search.drop_layers or search.keep_layers.");
    }
}
