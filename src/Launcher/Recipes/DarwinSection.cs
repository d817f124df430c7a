using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>search.darwin</c>: the evolution of method <c>darwinlm</c>; the others do not read it.</summary>
public sealed record DarwinSection
{
    /// <summary>Generations; null for n (L - n) / 1.5 with n of L layers to drop.</summary>
    [Range(1, 100_000)]
    public int? Generations { get; init; }

    /// <summary>
    /// Positions that each candidate is trained on before the first and before the second selection of a generation, on a copy of the weights; empty
    /// for no training.
    /// </summary>
    public IReadOnlyList<long> TrainTokens { get; init; } = [];

    /// <summary>Constant learning rate of that training. Published: 1e-5.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 1e-5;
}
