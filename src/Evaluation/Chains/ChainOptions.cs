namespace E3Scale.Evaluation.Chains;

/// <summary>Which problems are asked, and how often.</summary>
public sealed record ChainOptions
{
    /// <summary>Steps of the chains that problems ask for, ascending. Default 2 to 4, those of the training text.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [2, 3, 4];

    /// <summary>Held-out problems of each length, at least 1. Default 100.</summary>
    public int ItemsPerLength { get; init; } = 100;

    /// <summary>Answers drawn for each problem beside the greedy one; 0 (default) for none.</summary>
    public int Samples { get; init; }

    /// <summary>What the logits of drawn answers are divided by. Default 0.6, DeepSeek-R1's.</summary>
    public double Temperature { get; init; } = 0.6;

    /// <summary>Mass of the nucleus that drawn answers come from. Default 0.95, DeepSeek-R1's.</summary>
    public double TopP { get; init; } = 0.95;
}
