using System.ComponentModel.DataAnnotations;
using E3Scale.Pruner.Search;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>search.scores</c>: one number per layer, larger means keep, with an Adam of their own.</summary>
public sealed record ScoreSection
{
    /// <summary>Where the scores start.</summary>
    public ScoreInitializationMethod Init { get; init; } = ScoreInitializationMethod.LogStandardised;

    /// <summary>The importance they start from; unused, and not measured, by <c>init: zeros</c>. Paper: kl.</summary>
    public ImportanceMeasure Importance { get; init; } = ImportanceMeasure.ByDamage;

    /// <summary>Divergence of the greedily pruned teacher, in nats, up to which <c>importance: by-damage</c> is kl-greedy; it is bi beyond.</summary>
    [Range(0.0, 1000.0)]
    public double Damage { get; init; } = 0.5;

    /// <summary>Factor on the standardised logarithms; unused by the other starts.</summary>
    [Range(0.0, 1000.0)]
    public double Scale { get; init; } = 2;

    /// <summary>Constant learning rate of the scores. Not published.</summary>
    [Range(0.0, 10.0)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Adam's two decay rates.</summary>
    [BetaPair]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.95];
}
