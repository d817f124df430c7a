using System.Text.RegularExpressions;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Reads the answer from a generated text. A box counts first, then what stands after the usual words, then the last number.</summary>
internal static partial class AnswerExtraction
{
    private const string Box = "\\boxed";

    /// <summary>A number, as GSM8K and AIME ask for.</summary>
    /// <returns>The number as it is written, or null when the text has none.</returns>
    public static string? Number(string text)
    {
        text = AfterReasoning(text);
        if (LastBox(text) is { } boxed)
            return boxed;
        return LastGroup(Marked().Matches(text)) ?? LastNumber(text);
    }

    /// <summary>A mathematical expression.</summary>
    /// <returns>LaTeX, or null when the text has neither a box, nor the words for an answer, nor a number.</returns>
    public static string? Expression(string text)
    {
        text = AfterReasoning(text);
        return LastBox(text) ?? LastGroup(Announced().Matches(text)) ?? LastNumber(text);
    }

    /// <summary>What stands in the last \boxed{...}, braces balanced; null when there is none that ends.</summary>
    public static string? LastBox(string text)
    {
        for (int start = LastStart(text, text.Length); start >= 0; start = LastStart(text, start))
        {
            string rest = text[(start + Box.Length)..].TrimStart();
            string? content = rest.StartsWith('{') ? Braced(rest) : rest.Split(' ', '\n', '$')[0]; // also \boxed 5
            if (!string.IsNullOrWhiteSpace(content))
                return content.Trim();
        }
        return null;
    }

    private static int LastStart(string text, int before) => before <= 0 ? -1 : text.LastIndexOf(Box, before - 1, StringComparison.Ordinal);

    /// <summary>What is between the first brace and the one that closes it; null when none does.</summary>
    private static string? Braced(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0)
                return text[1..i];
        }
        return null;
    }

    /// <summary>What comes after the reasoning of a model that thinks aloud first.</summary>
    private static string AfterReasoning(string text)
    {
        int end = text.LastIndexOf("</think>", StringComparison.Ordinal);
        return end < 0 ? text : text[(end + "</think>".Length)..];
    }

    private static string? LastNumber(string text) => Numbers().Matches(text) is { Count: > 0 } found ? found[^1].Value.TrimEnd('.', ',') : null;

    private static string? LastGroup(MatchCollection matches) => matches.Count > 0 ? matches[^1].Groups[1].Value.Trim().TrimEnd('.', ',') : null;

    [GeneratedRegex(@"####\s*(-?\$?[0-9][0-9.,]*)")]
    private static partial Regex Marked();

    [GeneratedRegex(@"(?:(?:[Aa]nswer:\s*)?(?:[Tt]he\s+)?(?:final\s+)?[Aa]nswer is|[Aa]nswer:)\s*:?\s*(\$[^$\n]+\$|[^\n]*?)(?:\.?\s*(?:\n|$)|\.\s+I hope)")]
    private static partial Regex Announced();

    [GeneratedRegex(@"-?\$?\d[\d,]*(?:\.\d+)?")]
    private static partial Regex Numbers();
}
