using System.Text.Json.Nodes;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>
/// Trains a student under masks that an <see cref="IMaskLearner"/> draws and learns: checkpoints, metrics, balance of the stages and mask.json are
/// the same for all of them.
/// </summary>
/// <param name="options">What to train, on what, for how long.</param>
/// <param name="environment">Ranks and progress.</param>
/// <param name="protectedLayers">Layers that always stay.</param>
internal sealed class MaskTraining(MaskTrainingOptions options, StageEnvironment environment, IReadOnlyCollection<int> protectedLayers)
{
    /// <summary>Folder of the checkpoints below the stage's output.</summary>
    public const string CheckpointFolder = "checkpoints";

    /// <summary>What layers were measured to cost, below the stage's output; written with several pipeline stages.</summary>
    public const string LayerCostsFile = "layer-costs.json";

    private const string BalanceKey = "balance";
    private const string ForwardTokensKey = "forward_tokens";

    /// <summary>Trains, from the newest checkpoint if there is one, and writes mask.json. Collective over the world.</summary>
    /// <param name="createLearner">Makes the learner of a mesh and of the way micro-batches lie on it.</param>
    /// <returns>The same on every rank.</returns>
    public MaskResult Run(Func<Mesh, BatchPlan, IMaskLearner> createLearner)
    {
        using var mesh = new Mesh(environment.World, environment.Shape, environment.Device);
        using var corpus = PackedCorpus.Open(options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(options.TeacherFolder);
        using var checkpoints = new TrainCheckpoint(Path.Combine(options.OutputFolder, CheckpointFolder), mesh);
        int start = checkpoints.FindNewest() ?? 0;
        var saved = start > 0 ? checkpoints.ReadExtra(start) : null;
        var balance = saved?[BalanceKey] as JsonObject;
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, options.Train.DType, frozen: options.Train.Frozen,
            partition: balance is null ? null : StageBalancer.PartitionOf(balance, mesh.Shape.Pipeline),
            placement: environment.Experts.Plan(checkpoint.Config, mesh.Shape, trains: true));
        ReportRounding(model);
        using var objective = ObjectiveFactory.Create(options.Objective, corpus, options.StoreFolder, mesh, checkpoint);
        using var trainer = new StudentTrainer(model, corpus, options.Train, objective);
        var learner = createLearner(mesh, trainer.Plan);
        var judge = new MaskJudge(model, corpus, objective, trainer.Plan, learner.Units, options.Steps)
        {
            Sequences = options.JudgedSequences,
            ForwardTokens = saved?[ForwardTokensKey]?.GetValue<double>() ?? 0,
        };
        var balancer = mesh.Shape.Pipeline > 1 && options.MeasuresLayers ? new StageBalancer(model, options.RebalanceThreshold, balance) : null;
        if (start > 0)
            learner.Restore(checkpoints.Load(start, trainer.Optimizer));
        else
            learner.Prepare(judge);
        Search(start, model, trainer, learner, judge, balancer, checkpoints);
        WriteLayerCosts(balancer);
        return Finish(learner, trainer, judge);
    }

    private void Search(int start, ShardedModel model, StudentTrainer trainer, IMaskLearner learner, MaskJudge judge, StageBalancer? balancer, TrainCheckpoint checkpoints)
    {
        using var metrics = environment.IsRoot ? new MetricsLog(Path.Combine(options.OutputFolder, "metrics.jsonl"), start) : null;
        using var trajectory = environment.IsRoot ? new MetricsLog(Path.Combine(options.OutputFolder, "trajectory.jsonl"), start) : null;
        new TrainLoop(environment, options.Train, trainer.Optimizer, checkpoints).Run(
            "search", 0, start, options.Steps, RunStep, State);

        string RunStep(int step)
        {
            using var masks = learner.Begin(step);
            var result = trainer.Step(step, masks.Gates, () => learner.Reduce(masks));
            if (result.Applied)
                learner.Update();
            metrics?.Write(step, result);
            if (step + 1 == options.Steps)
                learner.Complete(model, trainer.Optimizer, judge);
            trajectory?.Write(learner.Trajectory(step));
            string moved = balancer?.AfterStep(trainer.Optimizer) == true ? $", stages balanced anew: {balancer.Partition}" : "";
            return $"loss {result.Loss:F4}, {learner.Describe(step)}{moved}";
        }

        JsonObject State(int step)
        {
            if (step + 1 == options.Steps)
                balancer?.Finish();
            var state = learner.Save();
            state[BalanceKey] = balancer?.Save();
            state[ForwardTokensKey] = judge.ForwardTokens;
            return state;
        }
    }

    /// <summary>For the recovery, which spreads the layers that are left by what they were measured to cost.</summary>
    private void WriteLayerCosts(StageBalancer? balancer)
    {
        if (balancer?.Measured is { } costs && environment.IsRoot)
            JsonFile.Write(Path.Combine(options.OutputFolder, LayerCostsFile), costs);
    }

    /// <summary>Says once what rounding the frozen weights changed; an FP8 checkpoint's own blocks change nothing.</summary>
    private void ReportRounding(ShardedModel model)
    {
        if (options.Train.Frozen == FrozenStorage.Same)
            return;
        double rounding = model.RelativeRounding();
        environment.Progress.Begin("freeze", 1, "models");
        environment.Progress.Report(1, rounding > 0
            ? $"weights kept as {options.Train.Frozen}, rounding changed them by {100 * rounding:G3} % (root mean square)"
            : $"weights kept as {options.Train.Frozen}, not changed");
        environment.Progress.End();
    }

    private MaskResult Finish(IMaskLearner learner, StudentTrainer trainer, MaskJudge judge)
    {
        bool[] kept = learner.KeptNow(options.Steps - 1);
        var units = learner.Units;
        int[] droppedUnits = [.. Enumerable.Range(0, kept.Length).Where(unit => !kept[unit])];
        int[] layers = [.. Enumerable.Range(0, kept.Length / units.PerLayer())];
        var branches = layers.ToLookup(layer => units.OfLayer(layer).Where(unit => kept[unit]).Aggregate(
            LayerBranches.None, (left, unit) => left | units.BranchesOf(unit)));
        var result = new MaskResult
        {
            Version = MaskResult.NewestVersion,
            Layers = layers.Length,
            Units = units,
            Kept = [.. layers.Except(branches[LayerBranches.None])],
            Dropped = [.. branches[LayerBranches.None]],
            DroppedBranches = new DroppedBranches { Attention = [.. branches[LayerBranches.Mlp]], Mlp = [.. branches[LayerBranches.Attention]] },
            ProtectedLayers = [.. protectedLayers],
            Scores = [.. learner.Scores],
            Gap = MaskResult.GapOf(learner.Scores, droppedUnits, [.. protectedLayers.SelectMany(layer => units.OfLayer(layer))]),
            Refinement = learner.Refinement,
            Method = learner.Method,
            StartedFrom = learner.StartedFrom,
            Tokens = (long)options.Steps * trainer.Plan.BatchSequences * trainer.SequenceLength,
            Steps = options.Steps,
            SkippedSteps = trainer.Optimizer.Skipped.Total,
            ForwardTokens = judge.ForwardTokens,
        };
        if (environment.IsRoot)
            JsonFile.Write(Path.Combine(options.OutputFolder, "mask.json"), result);
        environment.World.Barrier();
        return result;
    }
}
