using E3Scale.Data.Tokenizers;

namespace E3Scale.Data.Tests.Tokenizers;

public sealed class TokenizerLoaderTests : IDisposable
{
    private const string Good = """
        {
          "added_tokens": [{ "id": 3, "content": "<s>", "special": true }, { "id": 4, "content": "<m>", "lstrip": true, "rstrip": true, "normalized": false }],
          "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
          "model": { "type": "BPE", "unk_token": null, "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": ["a b"] }
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_SmallestFile_MergesAndMatchesAddedTokens()
    {
        _folder.Write("tokenizer.json", Good);
        Assert.Equal([2, 3, 1, 0], TokenizerLoader.Load(_folder.Path).Encode("ab<s>ba"));
    }

    [Fact]
    public void Encode_TokenThatStripsWhiteSpace_TakesItAlong()
    {
        _folder.Write("tokenizer.json", Good.Replace("\"ab\": 2", "\"ab\": 2, \" \": 5"));
        var tokenizer = TokenizerLoader.Load(_folder.Path);
        Assert.Equal([0, 4, 1], tokenizer.Encode("a  <m> \nb"));
        Assert.Equal([0, 5, 3, 5, 1], tokenizer.Encode("a <s> b"));
    }

    [Fact]
    public void Encode_UnknownCharacterWithoutUnknownToken_IsDropped()
    {
        _folder.Write("tokenizer.json", Good);
        // Dropped before the merges, as the reference implementation does, so its neighbours meet.
        Assert.Equal([2], TokenizerLoader.Load(_folder.Path).Encode("azb"));
    }

    [Theory]
    [InlineData("\"a b\"", "\"a c\"", "model.merges[0]")]
    [InlineData("\"a b\"", "\"a b c\"", "model.merges[0]")]
    [InlineData("\"a b\"", "7", "model.merges[0]")]
    [InlineData("\"b\": 1", "\"b\": -1", "model.vocab.b")]
    [InlineData("\"b\": 1", "\"b\": 2147483647", "model.vocab.b")]
    [InlineData("\"b\": 1", "\"b\": 0", "model.vocab.b")]
    [InlineData("\"b\": 1", "\"a\": 1", "not valid JSON")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model.type")]
    [InlineData("\"unk_token\": null", "\"unk_token\": \"<unk>\"", "model.unk_token")]
    [InlineData("\"unk_token\": null", "\"dropout\": 0.1", "model.dropout")]
    [InlineData("\"unk_token\": null", "\"end_of_word_suffix\": \"</w>\"", "model.end_of_word_suffix")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFKC\"}", "normalizer.type")]
    [InlineData("\"pre_tokenizer\": null", "\"pre_tokenizer\": {\"type\": \"Split\", \"behavior\": \"Isolated\", \"pattern\": {\"Regex\": \"(\"}}", "pre_tokenizer.pattern.Regex")]
    [InlineData("\"pre_tokenizer\": null", "\"pre_tokenizer\": {\"type\": \"Split\", \"behavior\": \"Isolated\", \"pattern\": {\"Regex\": \"[a&&b]\"}}", "pre_tokenizer.pattern.Regex")]
    [InlineData("\"pre_tokenizer\": null", "\"pre_tokenizer\": {\"type\": \"Whitespace\"}", "pre_tokenizer.type")]
    [InlineData("\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<x>\"}}]}", "post_processor.single[0]")]
    [InlineData("\"decoder\": null", "\"decoder\": {\"type\": \"WordPiece\"}", "decoder.type")]
    [InlineData("\"content\": \"<s>\"", "\"content\": \"\"", "added_tokens[0].content")]
    [InlineData("\"content\": \"<s>\"", "\"content\": \"a\"", "added_tokens[0].id")]
    [InlineData("\"content\": \"<s>\"", "\"content\": \"\\ud800\"", "after the key 'content'")]
    public void Load_MalformedFile_NamesFileAndField(string part, string replacement, string field)
    {
        Assert.Contains(part, Good);
        _folder.Write("tokenizer.json", Good.Replace(part, replacement));
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
        Assert.Contains("tokenizer.json", error.Message);
        Assert.Contains(field, error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{ \"model\": 3 }")]
    [InlineData("{ \"model\": { \"vocab\": {}, \"merges\": [] } }")]
    public void Load_NotATokenizer_Throws(string content)
    {
        _folder.Write("tokenizer.json", content);
        Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
    }

    [Fact]
    public void Load_DeeplyNestedFile_Throws()
    {
        _folder.Write("tokenizer.json", new string('[', 100_000));
        Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
    }

    [Fact]
    public void PathIn_BothFiles_PrefersTheJson()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "tokenizer.model"), "");
        Assert.Equal("tokenizer.model", Path.GetFileName(TokenizerLoader.PathIn(_folder.Path)));
        File.WriteAllText(Path.Combine(_folder.Path, "tokenizer.json"), "");
        Assert.Equal("tokenizer.json", Path.GetFileName(TokenizerLoader.PathIn(_folder.Path)));
    }

    [Fact]
    public void Load_NoFile_SaysWhatIsMissing()
    {
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
        Assert.Contains("tokenizer.json: no such file", error.Message);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{ "bos_token": "<s>" }""")]
    [InlineData("tokenizer_config.json", """{ "bos_token": { "content": "<s>" } }""")]
    [InlineData("special_tokens_map.json", """{ "bos_token": "<s>" }""")]
    [InlineData("generation_config.json", """{ "bos_token_id": 3 }""")]
    [InlineData("generation_config.json", """{ "bos_token_id": [3, 4] }""")]
    public void Load_BeginTokenInAnyFile_IsFound(string file, string content)
    {
        _folder.Write("tokenizer.json", Good);
        _folder.Write(file, content);
        var tokenizer = TokenizerLoader.Load(_folder.Path);
        Assert.Equal(3, tokenizer.BosId);
        Assert.Null(tokenizer.EosId);
    }

    [Fact]
    public void Load_ConfigAddsBegin_EncodesWithIt()
    {
        _folder.Write("tokenizer.json", Good);
        _folder.Write("tokenizer_config.json", """{ "bos_token": "<s>", "add_bos_token": true }""");
        Assert.Equal([3, 2], TokenizerLoader.Load(_folder.Path).Encode("ab", addSpecialTokens: true));
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{ "bos_token": "<x>" }""", "bos_token")]
    [InlineData("generation_config.json", """{ "eos_token_id": 99 }""", "eos_token_id")]
    [InlineData("generation_config.json", """{ "eos_token_id": [] }""", "eos_token_id")]
    public void Load_UnknownSpecialToken_NamesFileAndField(string file, string content, string field)
    {
        _folder.Write("tokenizer.json", Good);
        _folder.Write(file, content);
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
        Assert.Contains(file, error.Message);
        Assert.Contains(field, error.Message);
    }

    [Fact]
    public void Hash_OtherWhiteSpace_IsTheSame()
    {
        _folder.Write("tokenizer.json", Good);
        string first = TokenizerLoader.Load(_folder.Path).Hash;
        _folder.Write("tokenizer.json", Good.ReplaceLineEndings(" "));
        Assert.Equal(first, TokenizerLoader.Load(_folder.Path).Hash);
        _folder.Write("tokenizer.json", Good.Replace("<s>", "<S>"));
        Assert.NotEqual(first, TokenizerLoader.Load(_folder.Path).Hash);
    }
}
