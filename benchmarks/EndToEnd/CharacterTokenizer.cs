using System.Security.Cryptography;
using E3Scale.Data.Tokenizers;

namespace E3Scale.Benchmarks;

/// <summary>One token a character: for corpora whose text means nothing.</summary>
/// <param name="vocabulary">Ids that the model has; characters must be below.</param>
internal sealed class CharacterTokenizer(int vocabulary) : ITokenizer
{
    public int VocabularySize => vocabulary;

    public int? BosId => null;

    public int? EosId => 0;

    public int? PadId => 0;

    public string Hash => Convert.ToHexStringLower(SHA256.HashData("characters"u8));

    public int[] Encode(string text, bool addSpecialTokens = false, bool recognizesSpecialTokens = true) => [.. text.Select(character => (int)character)];

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) => throw new NotSupportedException("benchmarks never decode");

    public int TokenId(string token) => throw new NotSupportedException("benchmarks never look tokens up");
}
