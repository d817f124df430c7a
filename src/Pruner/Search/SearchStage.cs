using E3Scale.MoE;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>
/// Learns which layers to drop together with the weights (E3-Pruner, section 3.2): each step draws masks, trains the student under them,
/// and moves the layer scores by the straight-through gradient, while the number of dropped layers grows and the temperature falls.
/// </summary>
public sealed class SearchStage : ILayerPruner
{
    /// <summary>Folder of the checkpoints below the output of a method that trains.</summary>
    public const string CheckpointFolder = MaskTraining.CheckpointFolder;

    /// <summary>What layers were measured to cost, below the stage's output; written with several pipeline stages.</summary>
    public const string LayerCostsFile = MaskTraining.LayerCostsFile;

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
        DecoderConfig config = ModelFamilies.ReadConfig(_options.TeacherFolder).Config;
        int layers = config.LayerCount;
        var importance = JsonFile.Read<ImportanceResult>(_options.ImportanceFile, "importance");
        var units = _options.Units;
        if (importance.Layers != layers || importance.Units != units || importance.Kl.Length != layers * units.PerLayer())
            throw new StageInputException(
                $"{_options.ImportanceFile}: {importance.Kl.Length} {NameOf(importance.Units)} of {importance.Layers} layers, but {_options.TeacherFolder} has " +
                $"{layers} layers and the search is over {NameOf(units)}. Run the importance stage again.");
        if (units == PruningUnits.Branches && !config.DroppedBranches.IsEmpty)
            throw new StageInputException(
                $"{_options.TeacherFolder}: some layers lost a branch already, so it cannot be pruned by branches once more. Take its teacher, or search over layers.");
        int[] protectedLayers = _options.ProtectsEnds ? importance.ProtectedLayers : [], protectedUnits = [.. protectedLayers.SelectMany(layer => units.OfLayer(layer))];
        long[]? weights = WeightsOf(importance, config, protectedUnits);
        var start = StartingImportance.Of(_options, importance, MaskLearner.ScheduleOf(_options, importance.Kl.Length, protectedUnits, weights));
        return new MaskTraining(_options, _environment, protectedLayers).Run(
            (mesh, plan) => new MaskLearner(_options, start.Values, protectedUnits, mesh, plan, weights) { StartedFrom = start.Field });
    }

    /// <summary>What every unit weighs; null where layers are counted.</summary>
    private long[]? WeightsOf(ImportanceResult importance, DecoderConfig config, int[] protectedUnits)
    {
        if (_options.DropShare is not { } share)
            return null;
        bool weighsTime = _options.Budget == PruningBudget.Latency;
        if (weighsTime && (importance.Seconds?.Length != importance.Kl.Length || !importance.Seconds.All(time => double.IsFinite(time) && time >= 0)))
            throw new StageInputException(
                $"{_options.ImportanceFile}: no times of its {importance.Kl.Length} {NameOf(importance.Units)} (field seconds), which are to be weighed. " +
                "Run the importance stage again with this recipe.");
        long[] weights = weighsTime ? WeighedDrops.WeightsOf(importance.Seconds!) : WeighedDrops.ParametersOf(config, _options.Units);
        try
        {
            _ = new WeighedDrops(weights, share, 1, 1, protectedUnits, weighsTime ? "time" : "parameters");
            return weights;
        }
        catch (ArgumentException error)
        {
            throw new StageInputException($"{_options.ImportanceFile}: {error.Message}. Drop a smaller share.");
        }
    }

    private static string NameOf(PruningUnits units) => units == PruningUnits.Branches ? "branches" : "layers";
}
