using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Stages;
using E3Scale.LogitStore;
using E3Scale.LogitStore.Footprints;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.Sharding.Planning;

namespace E3Scale.Launcher.Planning;

/// <summary>What a plan is made from: a recipe, brought to the terms of the planner.</summary>
internal static class PlanInputs
{
    /// <summary>The run that a recipe asks for.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The teacher.</param>
    public static PlanWorkload Workload(Recipe recipe, ArchitectureConfig model)
    {
        TrainOptions train = StageOptions.Train(recipe);
        int layers = model.Config.LayerCount;
        int drop = recipe.Search is { DropLayers: null, KeepLayers: null } ? (int)((recipe.Search.DropShare ?? 0) * layers) : layers - StageOptions.KeepLayers(recipe, layers);
        return new PlanWorkload
        {
            SequenceLength = recipe.Corpus.SequenceLength,
            BatchSequences = train.BatchSequences,
            MicroBatchSequences = train.MicroBatchSequences,
            Steps = recipe.Train.Steps,
            SearchSteps = recipe.SearchSteps,
            DropLayers = drop,
            DType = train.DType,
            Lora = train.Lora,
            Frozen = train.Frozen,
            ShardsStates = train.Optimizer.ShardsStates,
            Recompute = train.Recomputation != Recomputation.None,
            Schedule = PipelineSchedules.Of(recipe.Train.Schedule),
            LogitsPerPosition = recipe.Kd.Form == DistillationForm.TopKRenormalised
                && recipe.Search.Objective != ObjectiveKind.CrossEntropy && recipe.Recovery != RecoveryMethod.Sft
                ? recipe.Store.TopK
                : null,
            CaptureTokens = CapturedTokens(recipe),
            CheckpointBytes = CheckpointBytes(model),
            ImportanceSequences = recipe.Importance.Sequences,
            ImportanceRounds = StageOptions.StartsGreedily(recipe) ? Math.Max(1, drop) : 1,
            StoreCacheBytes = StoreCacheBytes(recipe),
        };
    }

    /// <summary>Positions whose logits are captured.</summary>
    /// <remarks>A corpus of unknown length is not tokenised for an estimate: one pass of the training over it is what must be stored at most.</remarks>
    /// <param name="recipe">The recipe.</param>
    public static long CapturedTokens(Recipe recipe)
    {
        long trained = (long)recipe.Train.Steps * recipe.Train.BatchSequences;
        long sequences = recipe.Corpus.MaxSequences > 0 ? Math.Min(recipe.Corpus.MaxSequences, trained) : trained;
        return sequences * recipe.Corpus.SequenceLength;
    }

    /// <summary>The logit store of the run.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The teacher.</param>
    /// <param name="plan">Gives the rates.</param>
    public static FootprintEstimate Store(Recipe recipe, ArchitectureConfig model, MeshPlan plan)
    {
        long tokens = CapturedTokens(recipe);
        return FootprintEstimate.Create(new FootprintPlan
        {
            Tokens = tokens,
            VocabularySize = model.Config.VocabularySize,
            TopK = recipe.Store.TopK,
            Encoding = recipe.Store.Encoding,
            SequenceLength = recipe.Corpus.SequenceLength,
            SequencesPerBatch = recipe.Store.SequencesPerBatch,
            Readers = plan.Mesh.Data,
            TrainTokensPerSecond = plan.TokensPerSecond,
            CaptureTokensPerSecond = tokens / plan.Recipe.Capture,
        });
    }

    private static long CheckpointBytes(ArchitectureConfig model) => model.PublishedTensors
        .Where(tensor => TensorRoles.Of(model.Family.Names, model.Config.LayerCount, tensor.Name) != TensorRole.Prediction)
        .Sum(tensor => tensor.Count * tensor.Type switch { SafetensorsType.F32 => 4, SafetensorsType.F8_E4M3 => 1, _ => 2 });

    /// <summary>Ids and logits of every position of the batches that are kept and of the sequences read ahead, with log-sum-exp and entropy.</summary>
    private static long StoreCacheBytes(Recipe recipe)
    {
        long kept = (long)LogitStoreReader.DefaultCachedBatches * Math.Min(recipe.Store.SequencesPerBatch, recipe.Store.SequencesPerShard);
        long positions = (kept + ObjectiveFactory.PrefetchedSequences) * recipe.Corpus.SequenceLength;
        return positions * (recipe.Store.TopK * (sizeof(int) + sizeof(float)) + 2 * sizeof(float));
    }
}
