using System.Numerics;

namespace E3Scale.Evaluation.Tasks;

/// <summary>An expression that can be evaluated for any values of its letters.</summary>
internal sealed class MathExpression
{
    private readonly Func<int, Complex> _value;

    internal MathExpression(Func<int, Complex> value, HashSet<string> letters)
    {
        (_value, Letters) = (value, letters);
    }

    /// <summary>Its variables, and whatever else has no fixed value.</summary>
    public HashSet<string> Letters { get; }

    /// <summary>Parses the normal form of an answer.</summary>
    /// <param name="text">LaTeX as <see cref="LatexNormalizer"/> leaves it.</param>
    /// <returns>Null when it is no expression that is understood here.</returns>
    public static MathExpression? Parse(string text) => new MathParser(text).Parse();

    /// <summary>Its value at a point.</summary>
    /// <param name="point">Number of the point: decides the value of every letter.</param>
    public Complex Evaluate(int point) => _value(point);

    /// <summary>The value of a letter at a point: positive and irregular, so that only equal expressions agree.</summary>
    internal static Complex ValueOf(string letter, int point)
    {
        uint hash = letter.Aggregate(2166136261u + (uint)point * 97, (sum, c) => (sum ^ c) * 16777619u);
        return 0.5 + (hash % 100_003) / 40_001.0;
    }
}
