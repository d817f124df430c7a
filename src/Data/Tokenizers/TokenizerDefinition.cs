namespace E3Scale.Data.Tokenizers;

/// <summary>Everything a tokenizer file says, checked and resolved to ids.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file it came from, for messages.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the definition, lower-case hex.</summary>
    public required string Hash { get; init; }

    public required Dictionary<string, int> Vocabulary { get; init; }

    public required IReadOnlyList<BytePairMerge> Merges { get; init; }

    public required BytePairOptions Model { get; init; }

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    public required IReadOnlyList<ITextNormalizer> Normalizers { get; init; }

    public required IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; }

    public required TokenDecoding Decoding { get; init; }

    /// <summary>Ids put before a single text when special tokens are asked for.</summary>
    public required IReadOnlyList<int> PrefixIds { get; init; }

    /// <summary>Ids put after a single text when special tokens are asked for.</summary>
    public required IReadOnlyList<int> SuffixIds { get; init; }

    /// <summary>Whether the begin token comes before a text where tokenizer_config.json says nothing about it.</summary>
    public bool AddsBosByDefault { get; init; }

    /// <summary>One more than the largest token id.</summary>
    public int VocabularySize => 1 + Vocabulary.Values.Concat(AddedTokens.Select(token => token.Id)).Max();

    public int? BosId { get; init; }

    public int? EosId { get; init; }

    public int? PadId { get; init; }
}
