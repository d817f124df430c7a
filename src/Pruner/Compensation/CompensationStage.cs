using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Compensation;

/// <summary>
/// Measures what makes up for the dropped layers, on the model that they are cut from: the teacher, or what the search made of it. Writes
/// compensation.json and, for patches, patch.safetensors; recovery and export apply them.
/// </summary>
/// <param name="options">What to measure.</param>
/// <param name="environment">Ranks and progress.</param>
public sealed class CompensationStage(CompensationOptions options, StageEnvironment environment)
{
    /// <summary>Measures. Collective over the world.</summary>
    /// <returns>The same on every rank.</returns>
    /// <exception cref="StageInputException">The mask is missing or damaged.</exception>
    public CompensationResult Run()
    {
        using var mesh = new Mesh(environment.World, environment.Shape, environment.Device);
        using var corpus = PackedCorpus.Open(options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(options.TeacherFolder);
        var mask = JsonFile.Read<MaskResult>(Path.Combine(options.SearchFolder, "mask.json"), "search");
        if (options.Method == CompensationMethod.Concatenate && mask.Steps > 0)
            throw new StageInputException(
                $"concatenate merges layers of the teacher, but {mask.Method} trained the weights while it chose. Take a search.method that trains nothing.");
        if (!mask.DroppedBranches.IsEmpty)
            throw new StageInputException($"{options.SearchFolder}/mask.json: drops branches of layers; compensations stand in for whole layers. Set compensation to none.");
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, options.Train.DType, frozen: options.Train.Frozen,
            placement: environment.Experts.Plan(checkpoint.Config, mesh.Shape, trains: mask.Steps > 0));
        using var searched = mask.Steps > 0
            ? TrainedWeights.Load(model, options.Train, Path.Combine(options.SearchFolder, SearchStage.CheckpointFolder), mask.Steps)
            : null;

        var batches = new CalibrationBatches(corpus, options.Sequences, options.MicroBatchSequences, options.Train.Seed);
        var probe = new ModelProbe(model, corpus, batches);
        var result = options.Method switch
        {
            CompensationMethod.PruneAndComp => Scale(model, probe, batches, mask),
            CompensationMethod.LinearPatch => Patch(model, probe, batches, mask),
            CompensationMethod.Concatenate => Merge(new MergeProbe(model, checkpoint, probe), probe, batches, mask),
            _ => throw new InvalidOperationException($"{options.Method} measures nothing"),
        };
        if (environment.IsRoot)
            JsonFile.Write(Path.Combine(options.OutputFolder, CompensationResult.FileName), result);
        mesh.World.Barrier();
        return result;
    }

    private CompensationResult Scale(ShardedModel model, ModelProbe probe, CalibrationBatches batches, MaskResult mask)
    {
        int[] order = DropOrder(mask);
        environment.Progress.Begin("prune-and-comp", order.Length, "layers");
        double[] scales = PruneAndComp.Measure(model, probe, Sequences(batches), order, done => environment.Progress.Report(done));
        environment.Progress.End();
        return new CompensationResult
        {
            Method = "prune-and-comp",
            DropOrder = order,
            Scales = scales,
            Scaling = ResidualScaling.Of(mask.Layers, order.Zip(scales)),
            CalibrationSequences = batches.Sequences,
            ForwardTokens = probe.ForwardTokens,
        };
    }

    private CompensationResult Patch(ShardedModel model, ModelProbe probe, CalibrationBatches batches, MaskResult mask)
    {
        var cuts = LayerCut.Of(mask.Dropped);
        environment.Progress.Begin("linear-patch", batches.All.Count, "batches");
        probe.AfterBatches = done => environment.Progress.Report(done);
        double[][] ratios = LinearPatch.Measure(model, probe, Sequences(batches), cuts);
        environment.Progress.End();
        if (environment.IsRoot)
            WritePatches(cuts, ratios, model.Names);
        return new CompensationResult
        {
            Method = "linear-patch",
            DropOrder = DropOrder(mask),
            PatchedCuts = [.. cuts],
            PatchScales = [.. ratios.Select(ratio_H => ratio_H.Average())],
            CalibrationSequences = batches.Sequences,
            ForwardTokens = probe.ForwardTokens,
        };
    }

    private CompensationResult Merge(MergeProbe merging, ModelProbe probe, CalibrationBatches batches, MaskResult mask)
    {
        int[] order = DropOrder(mask);
        environment.Progress.Begin("concatenate", order.Length, "layers");
        var merges = Concatenation.Measure(merging, mask, order, done => environment.Progress.Report(done));
        environment.Progress.End();
        return new CompensationResult
        {
            Method = "concatenate",
            DropOrder = order,
            Merges = merges,
            MergedLayers = [.. merges.Select(merge => merge.Into).Where(mask.Kept.Contains).Distinct().Order().Select(layer => merging[layer])],
            CalibrationSequences = batches.Sequences,
            ForwardTokens = probe.ForwardTokens,
        };
    }

    private void WritePatches(IReadOnlyList<LayerCut> cuts, double[][] ratios, IDecoderWeightNames names)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        Directory.CreateDirectory(options.OutputFolder);
        SafetensorsWriter.Save(
            Path.Combine(options.OutputFolder, StreamPatch.FileName),
            cuts.Zip(ratios).ToDictionary(pair => StreamPatch.NameOf(names, pair.First.First - 1), pair => LinearPatch.Patch(pair.Second)));
    }

    private static long[] Sequences(CalibrationBatches batches) => [.. batches.All.SelectMany(batch => batch)];

    /// <summary>The order in which the selection let layers go, or that of their scores.</summary>
    private static int[] DropOrder(MaskResult mask) =>
        mask.DropOrder.Length > 0 ? mask.DropOrder : [.. mask.Dropped.OrderBy(layer => mask.Scores[layer]).ThenByDescending(layer => layer)];
}
