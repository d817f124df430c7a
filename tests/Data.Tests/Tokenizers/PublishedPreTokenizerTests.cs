using System.Text;
using System.Text.Json.Nodes;
using E3Scale.Data.Tokenizers;

namespace E3Scale.Data.Tests.Tokenizers;

/// <summary>
/// The pre-tokenizers that LLaMA-3 and DeepSeek-V3 and R1 publish, in tokenizer.json files with vocabularies of the test: the single bytes, and
/// the pieces that the text must be cut into. With <c>ignore_merges</c> a piece of the vocabulary is one token, without merges that lead to it.
/// </summary>
public sealed class PublishedPreTokenizerTests : IDisposable
{
    private const string Llama3 = """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
        """;

    private const string DeepSeekV3 = """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex": "\\p{N}{1,3}"}},
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex": "[一-龥぀-ゟ゠-ヿ]+"}},
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Llama3, "I|'Ll| pay| |123|45| $!\n\n| | ok")]
    [InlineData(Llama3, "SHE|'S| 漢字かな|123|4|.foo|(a|_b|)| né| \t\r\n\n|  ")]
    [InlineData(Llama3, "x| =| |7|;| //😊|नमस|्त|े")] // marks are no letters here
    [InlineData(DeepSeekV3, "I|'Ll| pay| |123|45| $!\n\n| | ok")]
    [InlineData(DeepSeekV3, "Call| |漢字かな|123|4|.foo|(a|_b|)| né|\n\n| | x|  \t")]
    [InlineData(DeepSeekV3, "x| =| |7|;| //😊|नमस्ते")]
    public void Encode_PublishedPreTokenizer_CutsIntoThesePieces(string preTokenizer, string expected)
    {
        string[] pieces = expected.Split('|');
        ITokenizer tokenizer = Load(preTokenizer, pieces, ignoresMerges: true);

        int[] ids = tokenizer.Encode(string.Concat(pieces));

        Assert.Equal(pieces, ids.Select(id => tokenizer.Decode([id])));
    }

    [Fact]
    public void Encode_WithoutIgnoreMerges_NeedsTheMerges()
    {
        ITokenizer tokenizer = Load(Llama3, [" pay"], ignoresMerges: false);

        Assert.Equal([" ", "p", "a", "y"], tokenizer.Encode(" pay").Select(id => tokenizer.Decode([id])));
    }

    private ITokenizer Load(string preTokenizer, string[] pieces, bool ignoresMerges)
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++)
            vocabulary[Visible([(byte)value])] = vocabulary.Count;
        foreach (string piece in pieces.Distinct())
            if (!vocabulary.ContainsKey(Visible(Encoding.UTF8.GetBytes(piece))))
                vocabulary[Visible(Encoding.UTF8.GetBytes(piece))] = vocabulary.Count;
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["post_processor"] = null,
            ["decoder"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = null,
                ["byte_fallback"] = false,
                ["ignore_merges"] = ignoresMerges,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
        _folder.Write("tokenizer.json", file.ToJsonString());
        return TokenizerLoader.Load(_folder.Path);
    }

    /// <summary>Bytes as the letters of GPT-2's alphabet: printable ones stand for themselves, the others for the letters from U+0100 on.</summary>
    private static string Visible(byte[] bytes)
    {
        static bool IsPrintable(int value) => value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return string.Concat(bytes.Select(value =>
            (char)(IsPrintable(value) ? value : 0x100 + Enumerable.Range(0, value).Count(smaller => !IsPrintable(smaller)))));
    }
}
