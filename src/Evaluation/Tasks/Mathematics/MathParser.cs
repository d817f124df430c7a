using System.Globalization;
using System.Numerics;

namespace E3Scale.Evaluation.Tasks;

/// <summary>Recursive descent over the LaTeX of answers: sums, products (also without a sign), powers, fractions, roots, functions.</summary>
/// <param name="text">Normal form of an answer.</param>
internal sealed class MathParser(string text)
{
    /// <summary>Nesting beyond this is not understood: the text comes from a model and may be anything.</summary>
    private const int MaxDepth = 40;

    private static readonly Dictionary<string, Func<Complex, Complex>> s_functions = new(StringComparer.Ordinal)
    {
        ["sin"] = Complex.Sin,
        ["cos"] = Complex.Cos,
        ["tan"] = Complex.Tan,
        ["cot"] = x => 1 / Complex.Tan(x),
        ["sec"] = x => 1 / Complex.Cos(x),
        ["csc"] = x => 1 / Complex.Sin(x),
        ["arcsin"] = Complex.Asin,
        ["arccos"] = Complex.Acos,
        ["arctan"] = Complex.Atan,
        ["log"] = Complex.Log10,
        ["ln"] = Complex.Log,
        ["exp"] = Complex.Exp,
    };

    private readonly HashSet<string> _letters = new(StringComparer.Ordinal);
    private int _at, _depth;

    /// <summary>The whole text as an expression, or null.</summary>
    public MathExpression? Parse()
    {
        var value = Sum();
        return value is not null && _at == text.Length ? new MathExpression(value, _letters) : null;
    }

    private Func<int, Complex>? Sum()
    {
        if (++_depth > MaxDepth)
            return null;
        bool isNegative = Take("-");
        if (!isNegative)
            _ = Take("+");
        var sum = Product();
        if (sum is null)
            return null;
        if (isNegative)
            sum = Negated(sum);
        while (Peek is '+' or '-')
        {
            bool subtracts = text[_at++] == '-';
            if (Product() is not { } term)
                return null;
            var left = sum;
            sum = subtracts ? point => left(point) - term(point) : point => left(point) + term(point);
        }
        _depth--;
        return sum;
    }

    private Func<int, Complex>? Product()
    {
        var product = Power();
        while (product is not null)
        {
            var left = product;
            if (Take("*"))
            {
                product = Signed() is { } right ? point => left(point) * right(point) : null;
            }
            else if (Take("/"))
            {
                product = Signed() is { } right ? point => left(point) / right(point) : null;
            }
            else if (StartsFactor())
            {
                product = Power() is { } right ? point => left(point) * right(point) : null;
            }
            else
            {
                break;
            }
        }
        return product;
    }

    /// <summary>A factor that may have a sign of its own: 2 * -3.</summary>
    private Func<int, Complex>? Signed()
    {
        if (!Take("-"))
            return Power();
        return Power() is { } value ? Negated(value) : null;
    }

    private Func<int, Complex>? Power()
    {
        var value = Atom();
        while (value is not null)
        {
            var whole = value;
            if (Take("^"))
            {
                value = Exponent() is { } exponent ? point => Raise(whole(point), exponent(point)) : null;
            }
            else if (Take("!"))
            {
                value = point => Factorial(whole(point));
            }
            else
            {
                break;
            }
        }
        return value;
    }

    private Func<int, Complex>? Atom()
    {
        if (Peek is { } c && (char.IsAsciiDigit(c) || c == '.'))
            return Number();
        if (Take("("))
            return Closed(")");
        if (Take("["))
            return Closed("]");
        if (Take("{"))
            return Closed("}");
        if (Take("|"))
            return Closed("|") is { } inner ? point => Complex.Abs(inner(point)) : null;
        if (Peek == '\\')
            return Command();
        return Peek is { } letter && char.IsLetter(letter) ? Letter() : null;
    }

    private Func<int, Complex>? Number()
    {
        int start = _at;
        while (Peek is { } c && (char.IsAsciiDigit(c) || c == '.'))
            _at++;
        if (!double.TryParse(text.AsSpan(start, _at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            return null;
        // A number straight before a fraction of numbers is a mixed one: 2\frac{1}{2} is two and a half.
        int before = _at;
        if (!text.AsSpan(start, _at - start).Contains('.') && Take("\\frac") && Digits() is { } above && Digits() is { } below)
            return _ => number + above / below;
        _at = before;
        return _ => number;
    }

    private double? Digits()
    {
        int start = _at;
        if (!Take("{"))
            return null;
        int from = _at;
        while (Peek is { } c && char.IsAsciiDigit(c))
            _at++;
        if (_at > from && double.TryParse(text.AsSpan(from, _at - from), NumberStyles.None, CultureInfo.InvariantCulture, out double digits) && Take("}"))
            return digits;
        _at = start;
        return null;
    }

    private Func<int, Complex>? Command()
    {
        int start = ++_at;
        while (Peek is { } c && char.IsAsciiLetter(c))
            _at++;
        string name = text[start.._at];
        switch (name)
        {
            case "frac":
                return Argument() is { } above && Argument() is { } below ? point => above(point) / below(point) : null;
            case "binom":
                return Argument() is { } n && Argument() is { } k ? point => Factorial(n(point)) / (Factorial(k(point)) * Factorial(n(point) - k(point))) : null;
            case "sqrt":
                return Root();
            case "pi":
                return _ => Math.PI;
            default:
                if (s_functions.TryGetValue(name, out var function))
                    return Applied(function);
                return name.Length > 0 ? Variable("\\" + name) : null;
        }
    }

    private Func<int, Complex>? Root()
    {
        Func<int, Complex>? degree = null;
        if (Take("[") && (degree = Closed("]")) is null)
            return null;
        if (Argument() is not { } radicand)
            return null;
        return degree is null ? point => Complex.Sqrt(radicand(point)) : point => NthRoot(radicand(point), degree(point));
    }

    /// <summary>A function takes a power before its argument, and without parentheses the factors that follow.</summary>
    private Func<int, Complex>? Applied(Func<Complex, Complex> function)
    {
        Func<int, Complex>? exponent = null, numberBase = null;
        if (Take("_") && (numberBase = Argument()) is null)
            return null;
        if (Take("^") && (exponent = Argument()) is null)
            return null;
        if (Power() is not { } argument)
            return null;
        Complex Value(int point) => numberBase is null ? function(argument(point)) : Complex.Log(argument(point)) / Complex.Log(numberBase(point));
        return exponent is null ? Value : point => Raise(Value(point), exponent(point));
    }

    private Func<int, Complex> Letter()
    {
        string letter = text[_at++].ToString();
        return letter switch
        {
            "i" => _ => Complex.ImaginaryOne,
            "e" => _ => Math.E,
            _ => Variable(letter),
        };
    }

    private Func<int, Complex> Variable(string name)
    {
        if (Take("_")) // an index is part of the name
        {
            int start = _at;
            while (Peek is { } c && char.IsAsciiLetterOrDigit(c))
                _at++;
            name += "_" + text[start.._at];
        }
        _letters.Add(name);
        return point => MathExpression.ValueOf(name, point);
    }

    /// <summary>What a command or power takes: a group in braces, or one digit, letter or command.</summary>
    private Func<int, Complex>? Argument()
    {
        if (Take("{"))
            return Closed("}");
        if (Peek is { } c && char.IsAsciiDigit(c))
        {
            int digit = text[_at++] - '0';
            return _ => digit;
        }
        return Take("-") ? (Atom() is { } value ? Negated(value) : null) : Atom();
    }

    /// <summary>Strictly x^10 says x^1 times 0, but nobody means that.</summary>
    private Func<int, Complex>? Exponent() => Peek is { } c && char.IsAsciiDigit(c) ? Number() : Argument();

    private Func<int, Complex>? Closed(string bracket) => Sum() is { } inner && Take(bracket) ? inner : null;

    private char? Peek => _at < text.Length ? text[_at] : null;

    private bool StartsFactor() => Peek is { } c && (char.IsLetterOrDigit(c) || c is '(' or '{' or '\\' or '.');

    private bool Take(string token)
    {
        if (string.CompareOrdinal(text, _at, token, 0, token.Length) != 0)
            return false;
        _at += token.Length;
        return true;
    }

    private static Func<int, Complex> Negated(Func<int, Complex> value) => point => -value(point);

    /// <summary>Whole exponents by multiplication, so that powers of negative numbers stay real.</summary>
    private static Complex Raise(Complex value, Complex exponent)
    {
        if (exponent.Imaginary != 0 || exponent.Real != Math.Round(exponent.Real) || Math.Abs(exponent.Real) > 1024)
            return Complex.Pow(value, exponent);
        if (value.Imaginary == 0)
            return Math.Pow(value.Real, exponent.Real);
        Complex result = 1;
        for (int i = 0; i < Math.Abs(exponent.Real); i++)
            result *= value;
        return exponent.Real < 0 ? 1 / result : result;
    }

    /// <summary>Odd roots of negative numbers are real in school.</summary>
    private static Complex NthRoot(Complex value, Complex degree) =>
        value is { Imaginary: 0, Real: < 0 } && degree.Imaginary == 0 && Math.Abs(degree.Real % 2) == 1
            ? -Math.Pow(-value.Real, 1 / degree.Real)
            : Complex.Pow(value, 1 / degree);

    private static Complex Factorial(Complex value)
    {
        if (value.Imaginary != 0 || value.Real is < 0 or > 170 || value.Real != Math.Round(value.Real))
            return double.NaN;
        double product = 1;
        for (int factor = 2; factor <= (int)value.Real; factor++)
            product *= factor;
        return product;
    }
}
