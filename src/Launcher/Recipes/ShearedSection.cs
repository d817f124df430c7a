using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>search.sheared</c>: gates and Lagrange multipliers of method <c>sheared-llama</c>; the others do not read it.</summary>
public sealed record ShearedSection
{
    /// <summary>Adam's learning rate of the gates' locations, which run from -4.6 to 4.6. Published: 1.</summary>
    [Range(0.0, 100.0)]
    public double MaskLearningRate { get; init; } = 1;

    /// <summary>Adam's learning rate, upwards, of the multipliers of the sparsity constraint. Published: 1.</summary>
    [Range(0.0, 100.0)]
    public double MultiplierLearningRate { get; init; } = 1;

    /// <summary>Share of the search over which the sparsity asked for grows to what is wanted. Published: 640 of 3,200 steps, 0.2.</summary>
    [Range(0.0, 1.0)]
    public double SparsityWarmup { get; init; } = 0.2;
}
