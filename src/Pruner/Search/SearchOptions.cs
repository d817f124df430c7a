using E3Scale.MoE;

namespace E3Scale.Pruner.Search;

/// <summary>The first phase of E3-Pruner: mask and weights are learnt together. Defaults: METHODS 1.3 to 1.5.</summary>
public sealed record SearchOptions : MaskTrainingOptions
{
    /// <summary>importance.json.</summary>
    public required string ImportanceFile { get; init; }

    /// <summary>Layers that stay, protected ones included; null (default) where <see cref="DropShare"/> says how much goes.</summary>
    public int? KeepLayers { get; init; }

    /// <summary>
    /// Share of what all layers weigh that what is dropped weighs at least, in (0, 1); null (default) where <see cref="KeepLayers"/> says how much
    /// goes. <see cref="Budget"/> says what is weighed.
    /// </summary>
    public double? DropShare { get; init; }

    /// <summary>
    /// With <see cref="DropShare"/>, what is weighed: parameters, so that dense layers and mixtures of experts count by their sizes, or the times in
    /// importance.json. Default: parameters.
    /// </summary>
    public PruningBudget Budget { get; init; } = PruningBudget.Parameters;

    /// <summary>
    /// What is dropped: layers (default, the paper's), or attention and MLP of every layer apart. <see cref="KeepLayers"/> then counts a branch as half a
    /// layer. importance.json must be of the same units.
    /// </summary>
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>Softmax temperature and how it falls.</summary>
    public TemperatureSchedule Temperature { get; init; } = new();

    /// <summary>Which side of the choice is relaxed. Default: the smaller.</summary>
    public Relaxation Relaxation { get; init; } = Relaxation.Smaller;

    /// <summary>Fraction of the search after which the full number of layers is dropped; 1 is the paper's. Default 1.</summary>
    public double Ramp { get; init; } = 1;

    /// <summary>Whether draws are perturbed by Gumbel noise. Without it every step follows the scores alone. Default true, the paper's.</summary>
    public bool Noise { get; init; } = true;

    /// <summary>How scores start.</summary>
    public ScoreInitialization Scores { get; init; } = new();

    /// <summary>What they start from. Default: leave-one-out KL, the paper's, which every importance.json has; recipes decide by the damage.</summary>
    public ImportanceMeasure Importance { get; init; } = ImportanceMeasure.Kl;

    /// <summary>Nats per token up to which <see cref="ImportanceMeasure.ByDamage"/> goes by greedy divergences. Default 0.5.</summary>
    public double TolerableDamage { get; init; } = 0.5;

    /// <summary>How the loss chooses a mask before the search or after it. Default, and the paper's: not at all.</summary>
    public MaskRefinementOptions Refinement { get; init; } = new();

    /// <inheritdoc/>
    public override int JudgedSequences => Refinement.Sequences;

    /// <summary>The scores' own optimiser.</summary>
    public ScoreOptimizerOptions ScoreOptimizer { get; init; } = new();
}
