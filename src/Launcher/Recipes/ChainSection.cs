using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>evaluate.chain</c>: arithmetic problems by the number of steps in their reasoning, answered several times.</summary>
public sealed record ChainSection
{
    /// <summary>Held-out problems of each length; 0 for none.</summary>
    [Range(0, 65_536)]
    public int ItemsPerLength { get; init; }

    /// <summary>Steps of the chains that problems ask for, ascending. The training text has 2 to 4.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [2, 3, 4];

    /// <summary>Answers drawn for each problem, for pass@k and the majority of k; 0 for the greedy answer alone.</summary>
    [Range(0, 256)]
    public int Samples { get; init; }

    /// <summary>What the logits are divided by when an answer is drawn. DeepSeek-R1: 0.6.</summary>
    [Range(0.0, 100.0, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 0.6;

    /// <summary>Mass of the most likely tokens that answers are drawn from. DeepSeek-R1: 0.95.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 0.95;
}
