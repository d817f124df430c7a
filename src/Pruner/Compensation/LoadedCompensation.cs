using E3Scale.MoE;
using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Compensation;

/// <summary>A measured compensation on its way into a pruned model.</summary>
internal sealed class LoadedCompensation
{
    private readonly string _folder;
    private readonly CompensationResult _result;

    private LoadedCompensation(string folder)
    {
        _folder = folder;
        _result = JsonFile.Read<CompensationResult>(Path.Combine(folder, CompensationResult.FileName), "compensate");
    }

    /// <summary>Cuts that have a patch, ascending; none where weights were scaled.</summary>
    public IReadOnlyList<LayerCut> PatchedCuts => _result.PatchedCuts;

    /// <summary>Reads what the stage left.</summary>
    /// <param name="folder">The stage's folder; null where a run has no compensation.</param>
    /// <returns>Null for null.</returns>
    /// <exception cref="StageInputException">The file is missing or damaged.</exception>
    public static LoadedCompensation? Open(string? folder) => folder is null ? null : new LoadedCompensation(folder);

    /// <summary>Factors of weights, by name; null where none are scaled.</summary>
    public IReadOnlyDictionary<string, double>? FactorsOf(ShardedModel model) => _result.Scaling?.FactorsOf(model.Config, model.Names);

    /// <summary>Names of weights that are no longer the teacher's, nor factors of them.</summary>
    public IReadOnlySet<string> ReplacedWeights(ShardedModel model) =>
        MergedWeights.NamesOf(model.Config, model.Names, _result.MergedLayers).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Compensates a model that was just loaded without its dropped layers, before anything becomes trainable. At every start: frozen weights are
    /// the teacher's each time, and what a recovery's checkpoint holds replaces the others.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="teacher">The teacher's weights, those of dropped layers too.</param>
    public void Apply(ShardedModel model, IWeightSource teacher)
    {
        MergedWeights.Apply(model, teacher, _result.MergedLayers);
        _result.Scaling?.ScaleWeights(model);
        if (_result.PatchedCuts.Length > 0)
            model.AddPatches(Path.Combine(_folder, StreamPatch.FileName));
    }

    /// <summary>Puts what the search trained into a compensated model. Collective over the world.</summary>
    /// <param name="model">The model; its trainable weights are chosen.</param>
    /// <param name="optimizer">Its optimiser.</param>
    /// <param name="checkpointFolder">The search's checkpoints.</param>
    /// <param name="step">Which.</param>
    public void LoadSearched(ShardedModel model, MeshOptimizer optimizer, string checkpointFolder, int step)
    {
        TrainedWeights.Read(model, optimizer, checkpointFolder, step, mayLack: StreamPatch.IsPatch);
        _result.Scaling?.ScaleStates(model, optimizer);
    }
}
