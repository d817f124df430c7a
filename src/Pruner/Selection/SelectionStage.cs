using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Search;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Selection;

/// <summary>
/// Runs an <see cref="ILayerSelector"/> on the teacher and writes mask.json. No weight changes but in memory, for selectors that merge, so recovery starts from the teacher's and has all
/// training steps: the same number of tokens as a search and its recovery together.
/// </summary>
/// <param name="selector">What chooses.</param>
/// <param name="options">From what.</param>
/// <param name="environment">Ranks and progress.</param>
public sealed class SelectionStage(ILayerSelector selector, SelectionOptions options, StageEnvironment environment) : ILayerPruner
{
    /// <inheritdoc/>
    /// <exception cref="StageInputException">The method cannot drop so many layers of this teacher.</exception>
    public MaskResult Run()
    {
        using var mesh = new Mesh(environment.World, environment.Shape, environment.Device);
        using var corpus = PackedCorpus.Open(options.CorpusFile);
        using var checkpoint = HuggingFaceCheckpoint.Open(options.TeacherFolder);
        using var model = ShardedModel.Load(
            checkpoint, mesh, corpus.SequenceLength, options.DType, placement: environment.Experts.Plan(checkpoint.Config, mesh.Shape, selector.NeedsGradients));
        int layers = model.Config.LayerCount;
        var target = new SelectionTarget(layers - options.KeepLayers, options.ProtectsEnds ? [0, layers - 1] : [], options.Seed);
        var probe = new ModelProbe(model, corpus, new CalibrationBatches(corpus, options.Sequences, options.MicroBatchSequences, options.Seed), options.Task)
        {
            Source = checkpoint,
        };
        var result = Describe(Select(probe, target), probe, target.ProtectedLayers);
        if (environment.IsRoot)
            JsonFile.Write(Path.Combine(options.OutputFolder, "mask.json"), result);
        environment.World.Barrier();
        return result;
    }

    private LayerSelection Select(ModelProbe probe, SelectionTarget target)
    {
        try
        {
            long judged = 0;
            environment.Progress.Begin(selector.Name, selector.ModelsJudged(probe.Layers, target), "models");
            probe.AfterModels = count => environment.Progress.Report(judged += count);
            var selection = selector.Select(probe, target);
            environment.Progress.End();
            return selection;
        }
        catch (ArgumentException error)
        {
            throw new StageInputException($"{selector.Name}: {error.Message}.");
        }
    }

    private MaskResult Describe(LayerSelection selection, ModelProbe probe, IReadOnlyCollection<int> protectedLayers)
    {
        int[] dropped = [.. selection.DropOrder.Order()];
        int[] kept = [.. Enumerable.Range(0, probe.Layers).Except(dropped)];
        return new MaskResult
        {
            Version = MaskResult.NewestVersion,
            Layers = probe.Layers,
            Kept = kept,
            Dropped = dropped,
            ProtectedLayers = [.. protectedLayers],
            Scores = selection.Scores,
            Gap = MaskResult.GapOf(selection.Scores, dropped, [.. protectedLayers, .. selection.Spared]),
            Method = selector.Name,
            Tokens = 0,
            Steps = 0,
            ForwardTokens = probe.ForwardTokens,
            GradientTokens = probe.GradientTokens,
            DropOrder = [.. selection.DropOrder],
            Merges = [.. selection.Merges],
        };
    }
}
