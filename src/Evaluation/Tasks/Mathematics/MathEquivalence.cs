using System.Numerics;

namespace E3Scale.Evaluation.Tasks;

/// <summary>
/// Whether two answers in LaTeX or plain text say the same: first as texts in a normal form, then part by part (tuples, intervals, lists, matrices,
/// equations), then by value at several points for every letter.
/// </summary>
/// <remarks>
/// The normal form follows the grading of the MATH data set (Hendrycks et al. 2021). Comparing values instead of simplifying expressions finds
/// everything equal that is equal, and calls different what differs anywhere but at the points by a billionth.
/// </remarks>
public static class MathEquivalence
{
    /// <summary>Answers longer than this are compared as texts only: they come from a model and may be anything.</summary>
    private const int LongestExpression = 400;

    private const int Points = 3;
    private const double Tolerance = 1e-9;

    /// <summary>Compares two answers.</summary>
    /// <param name="answer">What was given.</param>
    /// <param name="expected">What is right.</param>
    public static bool AreEqual(string answer, string expected)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(expected);
        if (answer.Length > LongestExpression || expected.Length > LongestExpression)
            return answer.Trim() == expected.Trim();
        return Same(LatexNormalizer.Normalize(answer), LatexNormalizer.Normalize(expected));
    }

    private static bool Same(string left, string right)
    {
        if (left.Length == 0 || right.Length == 0)
            return left.Length == right.Length;
        if (string.Equals(left, right, StringComparison.OrdinalIgnoreCase) && (left == right || left.Length > 1))
            return true;
        AnswerParts leftParts = AnswerParts.Of(left), rightParts = AnswerParts.Of(right);
        // One says x = 5, the other 5.
        if (leftParts.IsNamed != rightParts.IsNamed)
            return leftParts.IsNamed ? Same(leftParts.Parts[1], right) : Same(left, rightParts.Parts[1]);
        if (leftParts.Kind != rightParts.Kind || leftParts.Parts.Count != rightParts.Parts.Count)
            return false;
        return leftParts.Kind switch
        {
            AnswerKind.Single => SameValue(left, right),
            AnswerKind.Unordered => SameUnordered(leftParts.Parts, rightParts.Parts),
            _ => leftParts.Brackets == rightParts.Brackets && leftParts.Parts.Zip(rightParts.Parts).All(pair => Same(pair.First, pair.Second)),
        };
    }

    private static bool SameUnordered(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var rest = right.ToList();
        return left.All(part => rest.FindIndex(other => Same(part, other)) is var found and >= 0 && Remove(rest, found));
    }

    private static bool Remove(List<string> rest, int index)
    {
        rest.RemoveAt(index);
        return true;
    }

    private static bool SameValue(string left, string right)
    {
        if (MathExpression.Parse(left) is not { } first || MathExpression.Parse(right) is not { } second || !first.Letters.SetEquals(second.Letters))
            return false;
        for (int point = 0; point < (first.Letters.Count == 0 ? 1 : Points); point++)
        {
            Complex a = first.Evaluate(point), b = second.Evaluate(point);
            // Not a number is equal to nothing; the larger of the two sets the scale, with a floor for values about zero.
            if (!(Complex.Abs(a - b) <= Tolerance * Math.Max(1e-3, Math.Max(Complex.Abs(a), Complex.Abs(b)))))
                return false;
        }
        return true;
    }
}
