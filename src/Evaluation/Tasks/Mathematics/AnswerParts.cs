namespace E3Scale.Evaluation.Tasks;

/// <summary>An answer in normal form, taken apart at its outermost level.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Brackets">What has to agree besides the parts: kind of brackets, shape of a matrix, sign of a relation.</param>
/// <param name="Parts">The parts; for a single value itself.</param>
internal sealed record AnswerParts(AnswerKind Kind, string Brackets, IReadOnlyList<string> Parts)
{
    /// <summary>What ends the row of a matrix in the normal form; LaTeX's two backslashes could be read as one before something else.</summary>
    public const string RowEnd = "\\cr";

    private const string MatrixBegin = "\\begin{pmatrix}", MatrixEnd = "\\end{pmatrix}", SetBegin = "\\lbrace", SetEnd = "\\rbrace";
    private static readonly string[] s_relations = ["\\leq", "\\geq", "\\neq", "<", ">", "=", "\\in"];

    /// <summary>Whether it is a letter with what it equals, or the set that it is in: the other side is then the answer.</summary>
    public bool IsNamed => Kind == AnswerKind.Relation && (Brackets is "=" or "\\in") && Parts[0].Length == 1 && char.IsAsciiLetter(Parts[0][0]);

    /// <summary>Takes an answer apart.</summary>
    /// <param name="text">The normal form of an answer, or a part of one.</param>
    public static AnswerParts Of(string text)
    {
        if (text.StartsWith(MatrixBegin, StringComparison.Ordinal) && text.EndsWith(MatrixEnd, StringComparison.Ordinal))
            return Matrix(text[MatrixBegin.Length..^MatrixEnd.Length]);
        if (text.StartsWith(SetBegin, StringComparison.Ordinal) && text.EndsWith(SetEnd, StringComparison.Ordinal) && text.Length > SetBegin.Length + SetEnd.Length)
            return new AnswerParts(AnswerKind.Unordered, "", Split(text[SetBegin.Length..^SetEnd.Length], ","));
        if (Split(text, "\\cup") is { Count: > 1 } union)
            return new AnswerParts(AnswerKind.Unordered, "", union);
        if (Split(text, ",") is { Count: > 1 } list)
            return new AnswerParts(AnswerKind.Unordered, "", list);
        foreach (string relation in s_relations)
            if (Split(text, relation) is { Count: 2 } sides)
                return new AnswerParts(AnswerKind.Relation, relation, sides);
        if (text.Contains("\\pm", StringComparison.Ordinal))
            return new AnswerParts(AnswerKind.Unordered, "", [text.Replace("\\pm", "+", StringComparison.Ordinal), text.Replace("\\pm", "-", StringComparison.Ordinal)]);
        if (text.Length > 2 && text[0] is '(' or '[' && text[^1] is ')' or ']' && Split(text[1..^1], ",") is { Count: > 1 } tuple)
            return new AnswerParts(AnswerKind.Ordered, $"{text[0]}{text[^1]}", tuple);
        return new AnswerParts(AnswerKind.Single, "", [text]);
    }

    private static AnswerParts Matrix(string content)
    {
        var rows = content.Split(RowEnd, StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('&')).ToList();
        return new AnswerParts(AnswerKind.Matrix, string.Join(',', rows.Select(row => row.Length)), [.. rows.SelectMany(row => row)]);
    }

    /// <summary>Cuts at a mark that stands in no brackets. An interval such as (0,1] closes with another bracket than it opens with.</summary>
    private static List<string> Split(string text, string mark)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' or '[' or '{' => 1, ')' or ']' or '}' => -1, _ => 0 };
            if (depth != 0 || string.CompareOrdinal(text, i, mark, 0, mark.Length) != 0 || IsLongerCommand(text, i + mark.Length, mark))
                continue;
            parts.Add(text[start..i]);
            start = i + mark.Length;
            i = start - 1;
        }
        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>\in is not the beginning of \infty.</summary>
    private static bool IsLongerCommand(string text, int end, string mark) => mark[0] == '\\' && end < text.Length && char.IsAsciiLetter(text[end]);
}
