namespace E3Scale.Evaluation.Speed;

/// <summary>What is generated to measure speed. Defaults: the paper's (prompts of 2048 tokens, 1024 new ones).</summary>
public sealed record SpeedOptions
{
    /// <summary>Texts that are generated at the same time on a replica.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [1, 2, 8, 64, 128];

    /// <summary>Tokens of a prompt. Default 2048.</summary>
    public int PromptTokens { get; init; } = 2048;

    /// <summary>Tokens that are generated, at least 2, since the first one belongs to the prompt. Default 1024.</summary>
    public int NewTokens { get; init; } = 1024;

    /// <summary>How often each batch is generated with each model, after one time that does not count. Default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Key of the prompts.</summary>
    public ulong Seed { get; init; } = 1;
}
