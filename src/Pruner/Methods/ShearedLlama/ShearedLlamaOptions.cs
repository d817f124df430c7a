using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Methods.ShearedLlama;

/// <summary>Sheared-LLaMA's masks. Defaults: the published code of arXiv 2310.06694.</summary>
public sealed record ShearedLlamaOptions : MaskTrainingOptions
{
    /// <summary>Layers that stay, protected ones included.</summary>
    public required int KeepLayers { get; init; }

    /// <summary>Adam's constant learning rate of the gates' locations, in units of log alpha, which run from -4.6 to 4.6. Default 1.</summary>
    public double MaskLearningRate { get; init; } = 1;

    /// <summary>Adam's constant learning rate, upwards, of the two Lagrange multipliers. Default 1.</summary>
    public double MultiplierLearningRate { get; init; } = 1;

    /// <summary>Share of the steps over which the sparsity asked for grows from 0 to what is wanted. Default 0.2: 640 of 3,200 steps.</summary>
    public double SparsityWarmup { get; init; } = 0.2;
}
