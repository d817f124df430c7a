using E3Scale.Data.Chat;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Which benchmark tasks to run, and how. Defaults: lm-evaluation-harness 0.4.8.</summary>
public sealed record TaskOptions
{
    /// <summary>Folder with the files of items.</summary>
    public required string TasksFolder { get; init; }

    /// <summary>Names of <see cref="TaskCatalog"/>.</summary>
    public required IReadOnlyList<string> Tasks { get; init; }

    /// <summary>Items of each task, the first ones of its file; 0 (default) for all.</summary>
    public int Limit { get; init; }

    /// <summary>Solved items before each question; null (default) for the task's own number.</summary>
    public int? Shots { get; init; }

    /// <summary>Texts of a forward pass. Default 8. Results do not depend on it but for rounding.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Longest text in tokens, cut on the left; null (default) for the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Longest generated answer in tokens. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>Whether the begin token stands before every text, for models that were trained so. Default false, as in the harness.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Puts questions that are answered by generation into the form of a conversation; null (default) for plain text.</summary>
    public ChatFormat? Chat { get; init; }
}
