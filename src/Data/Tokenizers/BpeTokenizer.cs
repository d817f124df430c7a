using System.Text;

namespace E3Scale.Data.Tokenizers;

/// <summary>A byte-pair tokenizer as described by a Hugging Face tokenizer.json, byte-level or SentencePiece-like.</summary>
/// <remarks>Made by <see cref="TokenizerLoader"/>. Immutable but for its caches of words, so safe for concurrent use.</remarks>
internal sealed class BpeTokenizer : ITokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly WordPipeline _words;
    private readonly AddedTokenMatchers _allTokens;
    private readonly AddedTokenMatchers _tokensButSpecial;
    private readonly byte[]?[] _bytes; // what each id decodes to; null where the vocabulary has a gap
    private readonly bool[] _isSpecial;

    public BpeTokenizer(TokenizerDefinition definition)
    {
        _definition = definition;
        _words = new WordPipeline(definition.PreTokenizers, new BytePairModel(definition.Vocabulary, definition.Merges, definition.Model));
        _allTokens = new AddedTokenMatchers(definition.AddedTokens);
        _tokensButSpecial = new AddedTokenMatchers(definition.AddedTokens.Where(t => !t.IsSpecial));
        VocabularySize = definition.VocabularySize;
        _bytes = new byte[]?[VocabularySize];
        _isSpecial = new bool[VocabularySize];
        foreach (var (token, id) in definition.Vocabulary)
            _bytes[id] = definition.Decoding.Bytes(token);
        foreach (var token in definition.AddedTokens)
        {
            _bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
            _isSpecial[token.Id] = token.IsSpecial;
        }
    }

    public int VocabularySize { get; }

    public int? BosId => _definition.BosId;

    public int? EosId => _definition.EosId;

    public int? PadId => _definition.PadId;

    public string Hash => _definition.Hash;

    public int[] Encode(string text, bool addSpecialTokens = false, bool recognizesSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = recognizesSpecialTokens ? _allTokens : _tokensButSpecial;
        var ids = new List<int>((text.Length / 3) + 8);
        if (addSpecialTokens)
            ids.AddRange(_definition.PrefixIds);
        foreach (var (stretch, token) in Parts(text, tokens.BeforeNormalization))
        {
            EncodeStretch(stretch, tokens.AfterNormalization, ids);
            if (token is not null)
                ids.Add(token.Id);
        }
        if (addSpecialTokens)
            ids.AddRange(_definition.SuffixIds);
        return [.. ids];
    }

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)VocabularySize || _bytes[id] is not { } piece)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"not in the vocabulary of {VocabularySize} tokens");
            if (!skipSpecialTokens || !_isSpecial[id])
                bytes.AddRange(piece);
        }
        string text = Encoding.UTF8.GetString([.. bytes]);
        int stripped = 0;
        while (stripped < _definition.Decoding.LeadingSpaces && stripped < text.Length && text[stripped] == ' ')
            stripped++;
        return text[stripped..];
    }

    public int TokenId(string token)
    {
        foreach (var added in _definition.AddedTokens)
            if (added.Content == token)
                return added.Id;
        return _definition.Vocabulary.TryGetValue(token, out int id)
            ? id
            : throw new KeyNotFoundException($"{_definition.File}: no token {token}");
    }

    private void EncodeStretch(string stretch, AddedTokenMatcher tokens, List<int> ids)
    {
        foreach (var normalizer in _definition.Normalizers)
            stretch = normalizer.Normalize(stretch);
        foreach (var (text, token) in Parts(stretch, tokens))
        {
            _words.Encode(new TextPiece(text, 0, text.Length), ids);
            if (token is not null)
                ids.Add(token.Id);
        }
    }

    /// <summary>The text before each added token with that token; last, the rest with null.</summary>
    private static IEnumerable<(string Text, AddedToken? Token)> Parts(string text, AddedTokenMatcher matcher)
    {
        int from = 0;
        while (matcher.TryFind(text, from, out int start, out int end, out var token))
        {
            yield return (text[from..start], token);
            from = end;
        }
        yield return (text[from..], null);
    }

    private sealed class AddedTokenMatchers(IEnumerable<AddedToken> tokens)
    {
        public AddedTokenMatcher BeforeNormalization { get; } = new(tokens.Where(t => !t.IsNormalized));

        public AddedTokenMatcher AfterNormalization { get; } = new(tokens.Where(t => t.IsNormalized));
    }
}
