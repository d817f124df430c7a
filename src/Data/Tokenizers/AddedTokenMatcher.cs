using System.Buffers;

namespace E3Scale.Data.Tokenizers;

/// <summary>Finds added tokens in a text: the leftmost match, and the longest of those that start there.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly AddedToken[] _tokens; // by content, ordinal: those that begin alike stand together
    private readonly SearchValues<char> _firstChars;

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        var byContent = new SortedDictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var token in tokens)
            byContent[token.Content] = token;
        _tokens = [.. byContent.Values];
        _firstChars = SearchValues.Create(_tokens.Select(token => token.Content[0]).Distinct().ToArray());
    }

    /// <summary>The next match at or after <paramref name="from"/>, its stripped white space included.</summary>
    public bool TryFind(string text, int from, out int start, out int end, out AddedToken token)
    {
        for (int at = from; at < text.Length; at++)
        {
            int offset = text.AsSpan(at).IndexOfAny(_firstChars);
            if (offset < 0)
                break;
            at += offset;
            if (LongestAt(text, at) is not { } found)
                continue;
            (start, end, token) = (at, at + found.Content.Length, found);
            while (token.StripLeft && start > from && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (token.StripRight && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            return true;
        }
        (start, end, token) = (text.Length, text.Length, null!);
        return false;
    }

    private AddedToken? LongestAt(string text, int at)
    {
        AddedToken? longest = null;
        int low = 0, high = _tokens.Length; // the tokens that agree with the text so far
        for (int length = 1; at + length <= text.Length; length++)
        {
            char c = text[at + length - 1];
            low = FirstNotBelow(low, high, length - 1, c);
            high = FirstNotBelow(low, high, length - 1, c + 1);
            if (low == high)
                break;
            var token = _tokens[low]; // a token comes before those that go on
            if (token.Content.Length == length && (!token.IsSingleWord || StandsAlone(text, at, at + length)))
                longest = token;
        }
        return longest;
    }

    /// <summary>Among tokens that agree before a place: the first whose character there is this one or a later one.</summary>
    private int FirstNotBelow(int low, int high, int place, int c)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            string content = _tokens[middle].Content;
            if (content.Length <= place || content[place] < c)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static bool StandsAlone(string text, int start, int end) =>
        (start == 0 || !IsWordChar(text[start - 1])) && (end == text.Length || !IsWordChar(text[end]));

    private static bool IsWordChar(char c) => char.IsLetterOrDigit(c) || c == '_';
}
