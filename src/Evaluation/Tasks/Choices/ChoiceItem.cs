namespace E3Scale.Evaluation.Tasks;

/// <summary>An item as texts: choice i is <c>Contexts[i] + " " + Continuations[i]</c>, of which the continuation is scored.</summary>
/// <param name="Contexts">Text before each choice; mostly the same for all.</param>
/// <param name="Continuations">The choices, without the space before them.</param>
/// <param name="Gold">Which one is right, 0-based.</param>
public sealed record ChoiceItem(IReadOnlyList<string> Contexts, IReadOnlyList<string> Continuations, int Gold)
{
    /// <summary>An item whose choices continue the same text.</summary>
    /// <param name="context">Text before the choices.</param>
    /// <param name="choices">The choices.</param>
    /// <param name="gold">Which one is right, 0-based.</param>
    public ChoiceItem(string context, IReadOnlyList<string> choices, int gold)
        : this([.. choices.Select(_ => context)], choices, gold)
    {
    }

    /// <summary>Part of a task that is reported by itself, such as a subject of MMLU; null when there is none.</summary>
    public string? Group { get; init; }

    /// <summary>Text before everything else; empty for none.</summary>
    public string Description { get; init; } = "";

    /// <summary>The item with its answer, as it stands before other questions.</summary>
    public string Solved => $"{Contexts[Gold]} {Continuations[Gold]}";

    /// <summary>Whether two items ask and offer the same.</summary>
    /// <param name="other">Another item.</param>
    internal bool IsSameAs(ChoiceItem other) =>
        Gold == other.Gold && Contexts.SequenceEqual(other.Contexts) && Continuations.SequenceEqual(other.Continuations);
}
