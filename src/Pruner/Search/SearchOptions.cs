namespace E3Scale.Pruner.Search;

/// <summary>The first phase of E3-Pruner: mask and weights are learnt together. Defaults: METHODS 1.3 to 1.5.</summary>
public sealed record SearchOptions : MaskTrainingOptions
{
    /// <summary>importance.json.</summary>
    public required string ImportanceFile { get; init; }

    /// <summary>Softmax temperature and how it falls.</summary>
    public TemperatureSchedule Temperature { get; init; } = new();

    /// <summary>Which side of the choice is relaxed. Default: the smaller.</summary>
    public Relaxation Relaxation { get; init; } = Relaxation.Smaller;

    /// <summary>Fraction of the search after which the full number of layers is dropped; 1 is the paper's. Default 1.</summary>
    public double Ramp { get; init; } = 1;

    /// <summary>How scores start.</summary>
    public ScoreInitialization Scores { get; init; } = new();

    /// <summary>The scores' own optimiser.</summary>
    public ScoreOptimizerOptions ScoreOptimizer { get; init; } = new();
}
