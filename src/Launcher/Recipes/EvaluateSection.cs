using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>evaluate</c>: what teacher, pruned model and student are measured on.</summary>
public sealed record EvaluateSection
{
    /// <summary>Held-out sequences; 0 takes all.</summary>
    [Range(0, 100_000_000)]
    public int HeldoutSequences { get; init; }

    /// <summary>Arithmetic problems answered by greedy generation, at most corpus.arithmetic_heldout_items; 0 for none.</summary>
    [Range(0, 1_000_000)]
    public int ArithmeticItems { get; init; }

    /// <summary>Tokens generated at most per problem.</summary>
    [Range(1, 1 << 20)]
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>Sequences of one forward pass.</summary>
    [Range(1, 65536)]
    public int Batch { get; init; } = 8;

    /// <summary>Accuracy by length of the reasoning, and with several answers to a problem.</summary>
    public ChainSection Chain { get; init; } = new();

    /// <summary>Benchmark tasks, by the names of <see cref="Evaluation.Tasks.TaskCatalog"/>.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Folder with the tasks' files; needed when there are tasks.</summary>
    public string? TasksDir { get; init; }

    /// <summary>Items of each task, the first ones of its file; 0 takes all.</summary>
    [Range(0, 100_000_000)]
    public int TaskLimit { get; init; }

    /// <summary>Tokens generated at most per item of a task.</summary>
    [Range(1, 1 << 20)]
    public int TaskMaxNewTokens { get; init; } = 512;

    /// <summary>Whether the begin token stands before every text of a task, for models that were trained so.</summary>
    public bool TaskAddBos { get; init; }

    /// <summary>Asks generated tasks as a conversation, one of <see cref="Data.Chat.ChatFormat.Names"/>; null asks in plain text.</summary>
    public string? TaskChatTemplate { get; init; }
}
