using System.Text;

namespace E3Scale.Data.Tokenizers;

/// <summary>The character classes of a splitting expression: their literal ranges, and the expression without what lies beyond U+FFFF.</summary>
internal sealed class SplitPatternClasses
{
    private const int MaxClasses = 64; // membership is a 64-bit set

    private readonly List<(int First, int Last)[]> _classes = []; // each ascending, without overlaps
    private readonly StringBuilder _lowerPlane = new();
    private readonly string _pattern;
    private int _at;

    private SplitPatternClasses(string pattern) => _pattern = pattern;

    /// <summary>The expression with the ranges beyond U+FFFF taken out of its classes.</summary>
    public string LowerPlanePattern => _lowerPlane.ToString();

    public static SplitPatternClasses Parse(string pattern)
    {
        var parsed = new SplitPatternClasses(pattern);
        while (parsed._at < pattern.Length)
            parsed.ParseOutsideClass();
        if (parsed._classes.Count > MaxClasses)
            throw new ArgumentException($"{parsed._classes.Count} character classes; at most {MaxClasses} are supported");
        return parsed;
    }

    /// <summary>The classes whose literal ranges hold a character, as a bit set.</summary>
    public ulong Membership(int scalar)
    {
        ulong membership = 0;
        for (int i = 0; i < _classes.Count; i++)
            if (Holds(_classes[i], scalar))
                membership |= 1UL << i;
        return membership;
    }

    /// <summary>What the literal ranges of all classes cover beyond U+FFFF: ascending, without overlaps.</summary>
    public IEnumerable<(int First, int Last)> UpperRanges =>
        Merge(_classes.SelectMany(ranges => ranges).Where(range => range.Last > char.MaxValue)
            .Select(range => (Math.Max(range.First, char.MaxValue + 1), range.Last)));

    private static bool Holds((int First, int Last)[] ranges, int scalar)
    {
        int low = 0, high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ranges[middle].Last < scalar)
                low = middle + 1;
            else
                high = middle;
        }
        return low < ranges.Length && ranges[low].First <= scalar;
    }

    /// <summary>A hostile class may name the same characters thousands of times.</summary>
    private static (int First, int Last)[] Merge(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var range in ranges.Where(range => range.First <= range.Last).Order())
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            else
                merged.Add(range);
        }
        return [.. merged];
    }

    private void ParseOutsideClass()
    {
        char c = _pattern[_at];
        if (c == '[')
            ParseClass();
        else if (char.IsSurrogate(c))
            throw new ArgumentException($"a character beyond U+FFFF outside a character class (offset {_at})");
        else if (c == '\\' && _at + 1 < _pattern.Length)
            Copy(2);
        else
            Copy(1);
    }

    private void ParseClass()
    {
        var ranges = new List<(int First, int Last)>();
        Copy(1);
        if (Peek() == '^')
            Copy(1);
        int firstItem = _lowerPlane.Length;
        while (Peek() != ']' || _lowerPlane.Length == firstItem)
            ParseClassItem(ranges);
        if (_lowerPlane.Length == firstItem)
            throw new ArgumentException($"a character class with nothing up to U+FFFF (before offset {_at})");
        Copy(1);
        _classes.Add(Merge(ranges));
    }

    private void ParseClassItem(List<(int First, int Last)> ranges)
    {
        if (Peek() == '[' || (Peek() == '&' && _at + 1 < _pattern.Length && _pattern[_at + 1] == '&'))
            throw new ArgumentException($"nested classes and && inside a character class are not supported (offset {_at})");
        int start = _at;
        if (ReadClassCharacter() is not { } first)
        {
            _lowerPlane.Append(_pattern, start, _at - start); // a category such as \p{L} or \s
            return;
        }
        int firstEnd = _at;
        int last = first;
        int lastStart = start;
        if (Peek() == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']')
        {
            _at++;
            lastStart = _at;
            last = ReadClassCharacter() ?? throw new ArgumentException($"a range that ends in a category (offset {lastStart})");
        }
        ranges.Add((first, last));
        if (first > char.MaxValue)
            return;
        _lowerPlane.Append(_pattern, start, firstEnd - start);
        if (last > first)
            _lowerPlane.Append('-').Append(last > char.MaxValue ? "\\uFFFF" : _pattern[lastStart.._at]);
    }

    /// <summary>Reads one literal character; null when it was a category escape.</summary>
    private int? ReadClassCharacter()
    {
        char c = Peek();
        if (c != '\\')
        {
            if (!Rune.TryGetRuneAt(_pattern, _at, out var rune))
                throw new ArgumentException($"half a surrogate pair in a character class (offset {_at})");
            _at += rune.Utf16SequenceLength;
            return rune.Value;
        }
        _at++;
        char escaped = Peek();
        _at++;
        switch (escaped)
        {
            case 'p' or 'P':
                while (Peek() != '}')
                    _at++;
                _at++;
                return null;
            case 's' or 'S' or 'w' or 'W' or 'd' or 'D' or 'h' or 'H':
                return null;
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' or 'x':
                throw new ArgumentException($"\\{escaped} inside a character class is not supported (offset {_at}); write the character itself");
            default:
                return escaped;
        }
    }

    private char Peek() => _at < _pattern.Length ? _pattern[_at] : throw new ArgumentException("a character class is not closed");

    private void Copy(int count)
    {
        _lowerPlane.Append(_pattern, _at, count);
        _at += count;
    }
}
