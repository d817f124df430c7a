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
        if (importance.Layers != layers || importance.Kl.Length != importance.Layers)
            throw new StageInputException(
                $"{_options.ImportanceFile}: {importance.Layers} layers, but {_options.TeacherFolder} has {layers}. Run the importance stage again.");
        int[] protectedLayers = _options.ProtectsEnds ? importance.ProtectedLayers : [];
        return new MaskTraining(_options, _environment, protectedLayers).Run(
            (mesh, plan) => new MaskLearner(_options, Measured(importance), protectedLayers, mesh, plan, WeighedDrops.ParametersOf(config)));
    }

    private double[] Measured(ImportanceResult importance) => _options.Importance switch
    {
        ImportanceMeasure.Kl => importance.Kl,
        ImportanceMeasure.GreedyKl => importance.GreedyKl ?? throw Missing("greedy divergence (field kl_greedy)"),
        ImportanceMeasure.BlockInfluence => importance.BlockInfluence ?? throw Missing("block influence (field bi)"),
        _ => throw new InvalidOperationException($"{_options.Importance} is no importance"),
    };

    private StageInputException Missing(string what) =>
        new($"{_options.ImportanceFile}: no {what}, which the scores are to start from. Run the importance stage again.");
}
