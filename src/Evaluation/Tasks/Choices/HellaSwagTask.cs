using System.Text.RegularExpressions;

namespace E3Scale.Evaluation.Tasks;

/// <summary>HellaSwag (Zellers et al. 2019): which of four endings a description goes on with. 10 shots.</summary>
/// <remarks>
/// Reads the published fields (activity_label, ctx_a, ctx_b, endings, label), which are cleaned here, and files whose field query holds the
/// text before the endings in one piece (query, choices, gold), which is then taken as it is but for the cleaning.
/// </remarks>
public sealed partial class HellaSwagTask() : ChoiceTask("hellaswag", "hellaswag.jsonl")
{
    /// <inheritdoc/>
    public override int DefaultShots => 10;

    /// <inheritdoc/>
    public override string Metric => "acc_norm";

    internal override ShotSelection ShotSelection => ShotSelection.SampledOneMore;

    internal override ChoiceItem Read(TaskRecord record)
    {
        bool isPublished = record.Has("endings");
        string context = isPublished
            ? $"{record.Text("activity_label")}: {record.Text("ctx_a")} {Capitalized(record.Text("ctx_b"))}"
            : record.Text("query");
        var endings = record.Texts(isPublished ? "endings" : "choices");
        return new ChoiceItem(Clean(context), [.. endings.Select(Clean)], record.Index(isPublished ? "label" : "gold", endings.Count));
    }

    /// <summary>Takes out the markup that the texts from WikiHow have.</summary>
    internal static string Clean(string text) =>
        Bracketed().Replace(text.Trim().Replace(" [title]", ". ", StringComparison.Ordinal), "").Replace("  ", " ", StringComparison.Ordinal);

    /// <summary>The first letter large, all others small.</summary>
    private static string Capitalized(string text) =>
        text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    [GeneratedRegex(@"\[.*?\]")]
    private static partial Regex Bracketed();
}
