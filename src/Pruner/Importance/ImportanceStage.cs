using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Importance;

/// <summary>
/// Leave-one-out importance: mean KL(teacher || teacher without layer l) over the calibration tokens (E3-Pruner, section 3.2), and block influence; of
/// branches instead of layers where they are asked for. Times, if asked for, are measured once here, so that everything behind is determined by the file.
/// </summary>
public sealed class ImportanceStage
{
    private readonly ImportanceOptions _options;
    private readonly StageEnvironment _environment;

    /// <summary>Prepares the stage.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="environment">Ranks and progress.</param>
    public ImportanceStage(ImportanceOptions options, StageEnvironment environment)
    {
        (_options, _environment) = (options, environment);
    }

    /// <summary>Measures and writes importance.json. Collective over the world.</summary>
    /// <returns>The same on every rank.</returns>
    public ImportanceResult Run()
    {
        using var mesh = new Mesh(_environment.World, _environment.Shape, _environment.Device);
        using var corpus = PackedCorpus.Open(_options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(_options.TeacherFolder);
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, _options.DType, placement: _environment.Experts.Plan(checkpoint.Config, mesh.Shape, trains: false));

        var batches = new CalibrationBatches(corpus, _options.Sequences, _options.MicroBatchSequences, _options.Seed);
        int layers = model.Config.LayerCount;
        int rounds = 0;
        _environment.Progress.Begin("importance", batches.All.Count * (_options.Greedy?.Drop ?? 1), "batches");
        var probe = new ModelProbe(model, corpus, batches)
        {
            Units = _options.Units,
            // A greedy selection gets its first round for nothing.
            AfterBatches = done => _environment.Progress.Report(Math.Max(0, rounds - 1) * batches.All.Count + done),
        };
        bool[] all = AllLayers.Kept(layers * _options.Units.PerLayer());
        double[] kl = probe.LossWithoutEach(all, [.. Enumerable.Range(0, all.Length)], ProbeMetric.Kl);
        double[]? greedyKl = _options.Greedy is { } target ? Greedy(target) : null;
        probe.AfterBatches = null; // one more pass over the batches, next to half as many as there are layers
        double[] influence = probe.BlockInfluence(all);
        double[]? seconds = _options.MeasuresTimes ? UnitLatency.Measure(model, corpus, batches, _options.Units) : null;
        _environment.Progress.End();

        var result = new ImportanceResult
        {
            Layers = layers,
            Units = _options.Units,
            Kl = kl,
            GreedyKl = greedyKl,
            BlockInfluence = influence,
            Seconds = seconds,
            ProtectedLayers = [0, layers - 1],
            CalibrationSequences = batches.Sequences,
            Tokens = batches.Tokens,
            ForwardTokens = probe.ForwardTokens,
            TeacherHash = checkpoint.ContentHash,
        };
        if (_environment.IsRoot)
            JsonFile.Write(_options.OutputFile, result);
        mesh.World.Barrier();
        return result;

        // The first round is known: nothing has gone yet.
        double[] Greedy(SelectionTarget target) => InOrder(
            GreedySelection.Run(
                kl.Length, target,
                (isKept, left) => rounds++ == 0 ? [.. left.Select(layer => kl[layer])] : probe.LossWithoutEach(isKept, left, ProbeMetric.Kl)),
            kl, target.ProtectedLayers);
    }

    /// <summary>Costs of a greedy selection so that their order is that of the selection, also where a later layer cost less than one before it.</summary>
    private static double[] InOrder(LayerSelection selection, double[] kl, IReadOnlyCollection<int> protectedLayers)
    {
        double[] costs = [.. selection.Scores];
        double most = 0;
        foreach (int layer in selection.DropOrder)
            costs[layer] = most = Math.Max(most, costs[layer]);
        for (int layer = 0; layer < costs.Length; layer++)
            if (!selection.DropOrder.Contains(layer))
                costs[layer] = protectedLayers.Contains(layer) ? kl[layer] : Math.Max(most, costs[layer]);
        return costs;
    }
}
