using E3Scale.Data.Tokenizers;
using E3Scale.TestSupport;

namespace E3Scale.Evaluation.Tests.Tasks;

/// <summary>
/// A tokenizer for <see cref="SmallModel"/>: a token for each character, but one for each pair of a colon and a space, so that encoding the two
/// sides of a border by themselves gives other tokens than encoding them together.
/// </summary>
internal sealed class LetterTokenizer : ITokenizer
{
    private const int First = 3, Pair = 2;

    public int VocabularySize => SmallModel.Vocabulary;

    public int? BosId => 0;

    public int? EosId => 1;

    public int? PadId => null;

    public string Hash => new('0', 64);

    public int[] Encode(string text, bool addSpecialTokens = false, bool recognizesSpecialTokens = true)
    {
        var ids = new List<int>();
        for (int i = 0; i < text.Length; i++)
        {
            bool isPair = text[i] == ':' && i + 1 < text.Length && text[i + 1] == ' ';
            ids.Add(isPair ? Pair : First + text[i] % (SmallModel.Vocabulary - First));
            i += isPair ? 1 : 0;
        }
        return [.. ids];
    }

    /// <summary>Digits where the token stands for one, else letters.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) =>
        string.Concat(ids.ToArray().Select(id => id < 10 ? (char)('0' + id) : (char)('a' + (id - 10) % 26)));

    public int TokenId(string token) => throw new KeyNotFoundException(token);
}
