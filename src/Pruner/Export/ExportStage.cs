using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Distillation;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Export;

/// <summary>Merges adapters, renumbers the layers and writes the student as a folder that any loader reads (METHODS 16.2).</summary>
public sealed class ExportStage
{
    private readonly ExportStageOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">What to export.</param>
    /// <param name="environment">Ranks and progress.</param>
    public ExportStage(ExportStageOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Writes the folder; every rank writes what it holds. Collective over the world.</summary>
    /// <returns>What was written, the same on all ranks but for <see cref="ExportSummary.Rounding"/>, which rank 0 knows.</returns>
    /// <exception cref="CheckpointException">The state or the folder cannot be read or written.</exception>
    public ExportSummary Run()
    {
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var checkpoint = HuggingFaceCheckpoint.Open(_options.TeacherFolder);
        var mask = JsonFile.Read<MaskResult>(Path.Combine(_options.SearchFolder, "mask.json"), "search");
        using var model = ShardedModel.Load(checkpoint, mesh, _options.SequenceLength, _options.Train.DType, mask.Dropped, _options.Train.Frozen,
            branches: mask.DroppedBranches);
        var compensation = LoadedCompensation.Open(_options.CompensationFolder);
        compensation?.Apply(model, checkpoint);
        using var trained = LoadTrained(model, mask.Steps, compensation);

        var factors = compensation?.FactorsOf(model);
        if (compensation is { PatchedCuts.Count: > 0 } && _options.Patches == PatchExport.Scalar)
            factors = PatchFolding.FoldScalars(model, compensation.PatchedCuts, mask.Layers);
        using var exporter = new CheckpointExporter(new ExportOptions
        {
            SourceFolder = _options.TeacherFolder,
            TargetFolder = _options.OutputFolder,
            KeptLayers = mask.Kept,
            DroppedBranches = mask.DroppedBranches,
            Method = mask.Method,
            SourceHash = () => checkpoint.ContentHash,
            Weights = _options.Weights,
            MaxShardBytes = _options.MaxShardBytes,
            KeepsPrediction = _options.KeepsPrediction,
        });
        _environment.Progress.Begin("export", 1, "model");
        mesh.World.Activity.Begin("writing the student");
        using var scope = TorchSharp.torch.NewDisposeScope();
        if (compensation is { PatchedCuts.Count: > 0 } && _options.Patches != PatchExport.Scalar)
            exporter.Patches = _options.Patches == PatchExport.SideFile
                ? PatchFolding.Collect(model, compensation.PatchedCuts)
                : throw new StageInputException(
                    "the student has patches of the residual stream, which no other loader knows. Set export.patch to side-file or scalar.");
        ShardedExport.Write(model, exporter, isTrainedFromSource: true, factors, compensation?.ReplacedWeights(model));
        _environment.Progress.Report(1);
        _environment.Progress.End();
        return new ExportSummary(exporter.Rounding, LacksPrediction: _options.KeepsPrediction && !exporter.HasPrediction);
    }

    /// <summary>Puts the newest trained weights into the model: the recovery's, the search's, or none.</summary>
    /// <returns>What holds them; null when nothing was trained and the weights are the teacher's.</returns>
    private MeshOptimizer? LoadTrained(ShardedModel model, int searchSteps, LoadedCompensation? compensation)
    {
        int steps = _options.TotalSteps ?? searchSteps;
        if (steps == 0)
            return null;
        if (steps > searchSteps) // the recovery began with weights that were compensated
            return TrainedWeights.Load(model, _options.Train, Path.Combine(_options.DistillFolder, DistillStage.CheckpointFolder), steps);
        string searched = Path.Combine(_options.SearchFolder, SearchStage.CheckpointFolder);
        if (compensation is null)
            return TrainedWeights.Load(model, _options.Train, searched, steps);
        TrainableParameters.Choose(model.Decoder, _options.Train);
        var optimizer = new MeshOptimizer(model.Decoder, model.Mesh, _options.Train.Optimizer);
        compensation.LoadSearched(model, optimizer, searched, steps);
        return optimizer;
    }
}
