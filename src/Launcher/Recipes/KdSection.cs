using System.ComponentModel.DataAnnotations;
using E3Scale.Pruner.Distillation;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>kd</c>: the distillation loss.</summary>
public sealed record KdSection
{
    /// <summary>How both distributions are normalised over the stored ids.</summary>
    public DistillationForm Form { get; init; } = DistillationForm.TopKRenormalised;

    /// <summary>Whose entropy weights a token.</summary>
    public EntropyOwner EntropyOf { get; init; } = EntropyOwner.Teacher;

    /// <summary>Over which ids the entropy is: the whole vocabulary, the teacher's stored at capture, or the stored logits alone.</summary>
    public EntropySource Entropy { get; init; } = EntropySource.Full;

    /// <summary>How the entropy weights a token. Default: entropy and a floor; the paper's form is the entropy alone.</summary>
    public TokenWeighting Weight { get; init; } = TokenWeighting.FloorPlusEntropy;

    /// <summary>The floor of <c>weight: floor+h</c>, in nats.</summary>
    [Range(0.0, 100.0)]
    public double Floor { get; init; } = 1;
}
