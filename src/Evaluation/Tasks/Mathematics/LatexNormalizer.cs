using System.Text.RegularExpressions;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Brings answers into one form of LaTeX: without spaces, sizes, units, currency, and other ways to write the same.</summary>
internal static partial class LatexNormalizer
{
    private static readonly (string From, string To)[] s_replacements =
    [
        ("\\\\", AnswerParts.RowEnd), ("\\left", ""), ("\\right", ""), ("\\!", ""), ("\\,", ""), ("\\;", ""), ("\\:", ""), ("\\ ", " "), ("~", " "), ("\\quad", " "),
        ("\\displaystyle", ""), ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\cfrac", "\\frac"), ("\\$", ""), ("$", ""), ("\\%", ""), ("%", ""),
        ("^{\\circ}", ""), ("^\\circ", ""), ("{\\circ}", ""), ("\\degree", ""), ("°", ""), ("\\{", "\\lbrace"), ("\\}", "\\rbrace"),
        ("\\cdot", "*"), ("\\times", "*"), ("·", "*"), ("×", "*"), ("\\div", "/"), ("−", "-"), ("–", "-"), ("π", "\\pi"), ("∞", "\\infty"), ("√", "\\sqrt"),
        ("\\lvert", "|"), ("\\rvert", "|"), ("\\vert", "|"), ("{,}", ","), ("\\le ", "\\leq "), ("\\ge ", "\\geq "), ("\\bigl", ""), ("\\bigr", ""),
        ("\\mathrm", "\\text"), ("\\textbf", "\\text"), ("\\textit", "\\text"), ("\\mathbf", "\\text"), ("\\mbox", "\\text"), ("\\operatorname", "\\text"),
        ("\\begin{bmatrix}", "\\begin{pmatrix}"), ("\\end{bmatrix}", "\\end{pmatrix}"),
    ];

    /// <summary>The normal form; answers that differ in writing alone have the same.</summary>
    /// <param name="answer">LaTeX or plain text.</param>
    public static string Normalize(string answer)
    {
        string text = answer.Trim().Trim('$').Trim();
        foreach (var (from, to) in s_replacements)
            text = text.Replace(from, to, StringComparison.Ordinal);
        text = text.TrimEnd('.', ';', ' ').Trim();
        text = Conjunction().Replace(text, ",");
        text = WithoutTexts(text);
        text = Units().Replace(text, "$1");
        text = Thousands().Replace(text, match => match.Value.Replace(",", "", StringComparison.Ordinal));
        text = text.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        text = Assignment().Replace(text, "");
        text = BareFraction().Replace(text, "\\frac{$1}{$2}");
        text = HalfBareFraction().Replace(text, "\\frac{$1}{$2}");
        text = FractionOfBare().Replace(text, "$1{$2}");
        text = BareRoot().Replace(text, "\\sqrt{$1}");
        text = BareIndex().Replace(text, "_$1");
        return Letter().Replace(text, "$1");
    }

    /// <summary>Units and words behind a value go; what is all words stays, without the command around it.</summary>
    private static string WithoutTexts(string text)
    {
        string rest = Texts().Replace(text, "").Trim();
        bool endsInText = TextAtEnd().IsMatch(text);
        return rest.Length > 0 && endsInText && rest.Any(char.IsDigit) ? TextAtEnd().Replace(text, "").Trim() : Texts().Replace(text, "$1");
    }

    // 3 or 5, 3 \text{ and } 5: a list.
    [GeneratedRegex(@"\s*(?:\\text\s*\{\s*(?:or|and)\s*\}|(?<=[\d})]\s*)\b(?:or|and)\b)\s*")]
    private static partial Regex Conjunction();

    [GeneratedRegex(@"\\text\s*\{([^{}]*)\}")]
    private static partial Regex Texts();

    [GeneratedRegex(@"\\text\s*\{[^{}]*\}(\^\{?\d\}?)?$")]
    private static partial Regex TextAtEnd();

    // Units in plain words behind a number: 5 cm, 12 square feet.
    [GeneratedRegex(@"(?<=\d|\})\s*()\s(?:square |cubic )?(?:cm|mm|km|m|in|inch|inches|ft|foot|feet|meters?|centimeters?|miles?|units?|degrees?|dollars?|cents?|hours?|minutes?|seconds?|days?|weeks?|years?|grams?|kg|mph|percent|people|students|points?)(?:\^\{?\d\}?)?$")]
    private static partial Regex Units();

    [GeneratedRegex(@"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")]
    private static partial Regex Thousands();

    // x = 5 says 5; also f(x) = ...
    [GeneratedRegex(@"^[A-Za-z](?:\([A-Za-z]\))?=(?=[^=]+$)")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\\frac(\d)(\d)")]
    private static partial Regex BareFraction();

    [GeneratedRegex(@"\\frac\{([^{}]*)\}(\w)")]
    private static partial Regex HalfBareFraction();

    [GeneratedRegex(@"(\\frac)(\w)(?=\{)")]
    private static partial Regex FractionOfBare();

    [GeneratedRegex(@"\\sqrt(\w)")]
    private static partial Regex BareRoot();

    [GeneratedRegex(@"_\{(\w+)\}")]
    private static partial Regex BareIndex();

    // The letter of a choice, with or without parentheses.
    [GeneratedRegex(@"^\(([A-Za-z])\)$")]
    private static partial Regex Letter();
}
