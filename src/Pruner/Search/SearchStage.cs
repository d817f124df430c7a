using System.Text.Json.Nodes;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Selection;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>
/// Learns which layers to drop together with the weights (E3-Pruner, section 3.2): each step draws masks, trains the student under them,
/// and moves the layer scores by the straight-through gradient, while the number of dropped layers grows and the temperature falls.
/// </summary>
public sealed class SearchStage : ILayerPruner
{
    /// <summary>Folder of the checkpoints below the stage's output.</summary>
    public const string CheckpointFolder = "checkpoints";

    /// <summary>What layers were measured to cost, below the stage's output; written with several pipeline stages.</summary>
    public const string LayerCostsFile = "layer-costs.json";

    private const string BalanceKey = "balance";

    private readonly SearchOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">How to search.</param>
    /// <param name="environment">Ranks and progress.</param>
    public SearchStage(SearchOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Searches, from the newest checkpoint if there is one, and writes mask.json. Collective over the world.</summary>
    /// <returns>The same on every rank.</returns>
    public MaskResult Run()
    {
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var corpus = PackedCorpus.Open(_options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(_options.TeacherFolder);
        var importance = JsonFile.Read<ImportanceResult>(_options.ImportanceFile, "importance");
        if (importance.Layers != checkpoint.Config.LayerCount || importance.Kl.Length != importance.Layers)
            throw new StageInputException(
                $"{_options.ImportanceFile}: {importance.Layers} layers, but {_options.TeacherFolder} has {checkpoint.Config.LayerCount}. Run the importance stage again.");
        using var checkpoints = new TrainCheckpoint(Path.Combine(_options.OutputFolder, CheckpointFolder), mesh);
        int start = checkpoints.FindNewest() ?? 0;
        var saved = start > 0 ? checkpoints.ReadExtra(start) : null;
        var balance = saved?[BalanceKey] as JsonObject;
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, _options.Train.DType, frozen: _options.Train.Frozen,
            partition: balance is null ? null : StageBalancer.PartitionOf(balance, mesh.Shape.Pipeline),
            placement: _environment.Experts.Plan(checkpoint.Config, mesh.Shape, trains: true));
        ReportRounding(model);
        using var objective = ObjectiveFactory.Create(_options.Objective, corpus, _options.StoreFolder, mesh, checkpoint);
        using var trainer = new StudentTrainer(model, corpus, _options.Train, objective);
        int[] protectedLayers = _options.ProtectsEnds ? importance.ProtectedLayers : [];
        var learner = CreateLearner(importance, protectedLayers, mesh, trainer.Plan, checkpoint.Config);
        var balancer = mesh.Shape.Pipeline > 1 && _options.MeasuresLayers ? new StageBalancer(model, _options.RebalanceThreshold, balance) : null;
        if (start > 0)
            learner.Restore(checkpoints.Load(start, trainer.Optimizer));
        Search(start, trainer, learner, balancer, checkpoints);
        WriteLayerCosts(balancer);
        return Finish(learner, trainer, protectedLayers);
    }

    private MaskLearner CreateLearner(ImportanceResult importance, int[] protectedLayers, Mesh mesh, BatchPlan plan, DecoderConfig config)
    {
        double[] importance_L = _options.Importance == ImportanceMeasure.Kl ? importance.Kl : importance.BlockInfluence ?? throw new StageInputException(
            $"{_options.ImportanceFile}: no block influence (field bi), which the scores are to start from. Run the importance stage again.");
        return new MaskLearner(_options, importance_L, protectedLayers, mesh, plan, WeighedDrops.ParametersOf(config));
    }

    private void Search(int start, StudentTrainer trainer, MaskLearner learner, StageBalancer? balancer, TrainCheckpoint checkpoints)
    {
        using var metrics = _environment.IsRoot ? new MetricsLog(Path.Combine(_options.OutputFolder, "metrics.jsonl"), start) : null;
        using var trajectory = _environment.IsRoot ? new MetricsLog(Path.Combine(_options.OutputFolder, "trajectory.jsonl"), start) : null;
        new TrainLoop(_environment, _options.Train, trainer.Optimizer, checkpoints).Run(
            "search", 0, start, _options.Steps, RunStep, State);

        string RunStep(int step)
        {
            using var masks = learner.Begin(step);
            var result = trainer.Step(step, masks.Gates, () => learner.Reduce(masks));
            if (result.Applied)
                learner.Update();
            metrics?.Write(step, result);
            trajectory?.Write(new
            {
                step,
                temperature = learner.TemperatureAt(step),
                dropped = learner.DroppedAt(step),
                scores = learner.Scores,
                kept = learner.KeptNow(step).Select(kept => kept ? 1 : 0),
            });
            string moved = balancer?.AfterStep(trainer.Optimizer) == true ? $", stages balanced anew: {balancer.Partition}" : "";
            return $"loss {result.Loss:F4}, {learner.DroppedAt(step)} dropped{moved}";
        }

        JsonObject State(int step)
        {
            if (step + 1 == _options.Steps)
                balancer?.Finish();
            var state = learner.Save();
            state[BalanceKey] = balancer?.Save();
            return state;
        }
    }

    /// <summary>For the recovery, which spreads the layers that are left by what they were measured to cost.</summary>
    private void WriteLayerCosts(StageBalancer? balancer)
    {
        if (balancer?.Measured is { } costs && _environment.IsRoot)
            JsonFile.Write(Path.Combine(_options.OutputFolder, LayerCostsFile), costs);
    }

    /// <summary>Says once what rounding the frozen weights changed; an FP8 checkpoint's own blocks change nothing.</summary>
    private void ReportRounding(ShardedModel model)
    {
        if (_options.Train.Frozen == FrozenStorage.Same)
            return;
        double rounding = model.RelativeRounding();
        _environment.Progress.Begin("freeze", 1, "models");
        _environment.Progress.Report(1, rounding > 0
            ? $"weights kept as {_options.Train.Frozen}, rounding changed them by {100 * rounding:G3} % (root mean square)"
            : $"weights kept as {_options.Train.Frozen}, not changed");
        _environment.Progress.End();
    }

    private MaskResult Finish(MaskLearner learner, StudentTrainer trainer, int[] protectedLayers)
    {
        bool[] kept = learner.KeptNow(_options.Steps - 1);
        int[] layers = [.. Enumerable.Range(0, kept.Length)];
        int[] dropped = [.. layers.Where(layer => !kept[layer])];
        var result = new MaskResult
        {
            Layers = kept.Length,
            Kept = [.. layers.Where(layer => kept[layer])],
            Dropped = dropped,
            ProtectedLayers = protectedLayers,
            Scores = [.. learner.Scores],
            Gap = MaskResult.GapOf(learner.Scores, dropped, protectedLayers),
            Method = "e3-pruner",
            Tokens = (long)_options.Steps * trainer.Plan.BatchSequences * trainer.SequenceLength,
            Steps = _options.Steps,
            SkippedSteps = trainer.Optimizer.Skipped.Total,
        };
        if (_environment.IsRoot)
            JsonFile.Write(Path.Combine(_options.OutputFolder, "mask.json"), result);
        _environment.World.Barrier();
        return result;
    }
}
