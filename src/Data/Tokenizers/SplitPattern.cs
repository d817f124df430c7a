using System.Globalization;
using System.Text.RegularExpressions;

namespace E3Scale.Data.Tokenizers;

/// <summary>A splitting expression of a tokenizer.json, matched by Unicode scalar value instead of by UTF-16 unit.</summary>
/// <remarks>
/// .NET expressions see a character beyond U+FFFF as two surrogates, which are neither letter nor digit. So a text with such characters
/// is matched in a shadow copy, where each is replaced by one stand-in from the lower plane: a character of the same general category
/// that belongs to the same literal ranges of every character class of the expression, hence one the expression cannot tell apart.
/// </remarks>
internal sealed class SplitPattern
{
    private const int MaxLength = 1 << 14; // many times the longest published expression; bounds the time to compile one

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMinutes(1); // a hostile expression must not hang the run

    private static readonly Lazy<UnicodeCategory[]> UpperCategories = new(
        () => [.. Enumerable.Range(0x10000, 0x100000).Select(CharUnicodeInfo.GetUnicodeCategory).Distinct()]);

    private readonly Regex _regex;
    private readonly SplitPatternClasses _classes;
    private readonly Dictionary<(UnicodeCategory Category, ulong Membership), char> _standIns = [];

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="ArgumentException">It is not a valid expression, is very long, or uses a construct that .NET lacks.</exception>
    public SplitPattern(string pattern)
    {
        if (pattern.Length > MaxLength)
            throw new ArgumentException($"{pattern.Length} characters; at most {MaxLength} are supported");
        _classes = SplitPatternClasses.Parse(pattern);
        // Multiline: in the reference engine's syntax, ^ and $ match at every line.
        const RegexOptions Options = RegexOptions.Compiled | RegexOptions.CultureInvariant | RegexOptions.Multiline;
        _regex = new Regex(_classes.LowerPlanePattern, Options, MatchTimeout);
        FindStandIns();
    }

    /// <summary>An expression that matches a string literally.</summary>
    public static SplitPattern Literal(string text) => new(Regex.Escape(text));

    /// <summary>Appends start and length of every non-empty match, in order.</summary>
    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            foreach (var match in _regex.EnumerateMatches(text))
                if (match.Length > 0)
                    matches.Add((match.Index, match.Length));
            return;
        }
        var shadow = new char[text.Length];
        var offsets = new int[text.Length + 1];
        int count = WriteShadow(text, shadow, offsets);
        foreach (var match in _regex.EnumerateMatches(shadow.AsSpan(0, count)))
            if (match.Length > 0)
                matches.Add((offsets[match.Index], offsets[match.Index + match.Length] - offsets[match.Index]));
    }

    private int WriteShadow(ReadOnlySpan<char> text, char[] shadow, int[] offsets)
    {
        int count = 0;
        for (int i = 0; i < text.Length; count++)
        {
            offsets[count] = i;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shadow[count] = StandIn(char.ConvertToUtf32(text[i], text[i + 1]));
                i += 2;
            }
            else
                shadow[count] = text[i++];
        }
        offsets[count] = text.Length;
        return count;
    }

    private char StandIn(int scalar) => _standIns[KindOf(scalar)];

    private (UnicodeCategory Category, ulong Membership) KindOf(int scalar) =>
        (CharUnicodeInfo.GetUnicodeCategory(scalar), _classes.Membership(scalar));

    /// <summary>Finds the stand-in of every kind of character there is beyond U+FFFF, so that none is missing while a text is read.</summary>
    private void FindStandIns()
    {
        var candidates = new Dictionary<(UnicodeCategory Category, ulong Membership), char>();
        for (int candidate = 0; candidate <= char.MaxValue; candidate++)
        {
            var kind = KindOf(candidate);
            // Expressions name ASCII letters and digits one by one, outside of classes too.
            if (candidate >= 0x80 || kind.Category is UnicodeCategory.Control)
                candidates.TryAdd(kind, (char)candidate);
        }
        foreach (var category in UpperCategories.Value)
            Add((category, 0));
        foreach (var (first, last) in _classes.UpperRanges)
            for (int scalar = first; scalar <= last; scalar++)
                Add(KindOf(scalar));

        void Add((UnicodeCategory Category, ulong Membership) kind)
        {
            if (!_standIns.ContainsKey(kind))
                _standIns.Add(kind, candidates.TryGetValue(kind, out char standIn)
                    ? standIn
                    : throw new ArgumentException(
                        $"it parts the characters beyond U+FFFF of category {kind.Category} as none up to U+FFFF are parted"));
        }
    }
}
