using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Distillation;

/// <summary>
/// Recovers the pruned model: dropped layers are gone with their optimiser state, the layers that are left are spread over the
/// pipeline anew, and weights, moments and learning rate go on from where the search ended.
/// </summary>
public sealed class DistillStage
{
    /// <summary>Folder of the checkpoints below the stage's output.</summary>
    public const string CheckpointFolder = "checkpoints";

    private readonly DistillOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">How to recover.</param>
    /// <param name="environment">Ranks and progress.</param>
    public DistillStage(DistillOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Trains from the newest checkpoint, or from the end of the search. Collective over the world.</summary>
    public DistillResult Run()
    {
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var corpus = PackedCorpus.Open(_options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(_options.TeacherFolder);
        var mask = JsonFile.Read<MaskResult>(Path.Combine(_options.SearchFolder, "mask.json"), "search");
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, _options.Train.DType, mask.Dropped, _options.Train.Frozen,
            MeasuredPartition(mask, mesh, checkpoint.Config, corpus.SequenceLength), _environment.Experts.Plan(checkpoint.Config, mesh.Shape, trains: true),
            mask.DroppedBranches);
        var compensation = LoadedCompensation.Open(_options.CompensationFolder);
        compensation?.Apply(model, checkpoint);
        using var objective = ObjectiveFactory.Create(_options.Objective, corpus, _options.StoreFolder, mesh, checkpoint);
        using var trainer = new StudentTrainer(model, corpus, _options.Train, objective);
        using var checkpoints = new TrainCheckpoint(Path.Combine(_options.OutputFolder, CheckpointFolder), mesh);

        int start = checkpoints.FindNewest() ?? mask.Steps;
        if (start > mask.Steps)
            checkpoints.Load(start, trainer.Optimizer);
        else if (mask.Steps > 0)
            LoadSearched(mask.Steps, model, trainer.Optimizer, compensation);

        using var metrics = _environment.IsRoot ? new MetricsLog(Path.Combine(_options.OutputFolder, "metrics.jsonl"), start) : null;
        new TrainLoop(_environment, _options.Train, trainer.Optimizer, checkpoints).Run(
            "distill", mask.Steps, start, _options.TotalSteps, RunStep, _ => []);
        return new DistillResult(
            (long)(_options.TotalSteps - mask.Steps) * trainer.Plan.BatchSequences * corpus.SequenceLength, trainer.Optimizer.Skipped.Total);

        string RunStep(int step)
        {
            var result = trainer.Step(step);
            metrics?.Write(step, result);
            return $"loss {result.Loss:F4}";
        }
    }

    private void LoadSearched(int step, ShardedModel model, MeshOptimizer optimizer, LoadedCompensation? compensation)
    {
        string folder = Path.Combine(_options.SearchFolder, SearchStage.CheckpointFolder);
        if (compensation is null)
            TrainedWeights.Read(model, optimizer, folder, step);
        else
            compensation.LoadSearched(model, optimizer, folder, step);
    }

    /// <summary>
    /// Stages balanced by what the search measured; null where it did not measure, or other methods chose the layers. Read from the search's
    /// output and never measured anew, so that a resumed recovery has the same stages.
    /// </summary>
    private LayerPartition? MeasuredPartition(MaskResult mask, Mesh mesh, DecoderConfig teacher, int context)
    {
        string file = Path.Combine(_options.SearchFolder, SearchStage.LayerCostsFile);
        if (mesh.Shape.Pipeline == 1 || !File.Exists(file))
            return null;
        var costs = JsonFile.Read<LayerCosts>(file, "search");
        if (costs.Layers.Length != mask.Layers || costs.Layers.Append(costs.Head).Any(cost => !double.IsFinite(cost) || cost < 0))
            throw new StageInputException($"{file}: not the costs of {mask.Layers} layers. Delete it, or run the search stage again.");
        // Whole layers were measured; what is left of one takes about its share of the multiply-adds.
        var student = teacher.Without(mask.DroppedBranches);
        double[] left =
        [
            .. costs.Layers.Select((cost, layer) => cost * LayerCost.OfLayer(student, layer, context) / LayerCost.OfLayer(teacher, layer, context)),
        ];
        return (costs with { Layers = left }).Balance(mask.Kept, mesh.Shape.Pipeline);
    }
}
