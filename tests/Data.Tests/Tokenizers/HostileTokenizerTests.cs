using E3Scale.Data.Tokenizers;

namespace E3Scale.Data.Tests.Tokenizers;

/// <summary>Small files that ask for much: memory, time or depth of recursion. And files that are not in the folder.</summary>
public sealed class HostileTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_OneTokenWithALargeId_IsRefused() => AssertRefused(
        Tokenizer(vocabulary: """{ "a": 0, "b": 16000000 }"""), "ids up to 16000000");

    [Fact]
    public void Load_ManyPreTokenizers_AreRefused() => AssertRefused(
        Tokenizer(preTokenizer: Sequence("pretokenizers", """{ "type": "ByteLevel", "use_regex": false }""", 10_000)), "pretokenizers[32]");

    [Fact]
    public void Load_ManyNormalizers_AreRefused() => AssertRefused(
        Tokenizer(normalizer: Sequence("normalizers", """{ "type": "NFC" }""", 10_000)), "normalizers[32]");

    [Fact]
    public void Load_ManyDecoders_AreRefused() => AssertRefused(
        Tokenizer(decoder: Sequence("decoders", """{ "type": "Replace", "pattern": { "String": "a" }, "content": "b" }""", 10_000)), "decoders[32]");

    [Fact]
    public void Load_DecoderThatMakesTokensLonger_IsRefused() => AssertRefused(
        Tokenizer(decoder: """{ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" }"""), "decoder is");

    [Fact]
    public void Load_ManyTemplateTokens_AreRefused() => AssertRefused(
        Tokenizer(postProcessor: $$"""{ "type": "TemplateProcessing", "single": [{{Repeat("""{ "SpecialToken": { "id": "a" } }""", 10_000)}}] }"""),
        "post_processor.single[64]");

    [Fact]
    public void Encode_NormalizersThatDouble_StopsThem()
    {
        _folder.Write("tokenizer.json", Tokenizer(
            normalizer: Sequence("normalizers", """{ "type": "Replace", "pattern": { "String": "a" }, "content": "aa" }""", 30)));
        var tokenizer = TokenizerLoader.Load(_folder.Path);
        var error = Assert.Throws<TokenizerException>(() => tokenizer.Encode(new string('a', 1000)));
        Assert.Contains("tokenizer.json: normalizer", error.Message);
    }

    [Fact]
    public void Load_LongExpression_IsRefused() => AssertRefused(Split(Repeat("a", 20_000, "")), "pre_tokenizer.pattern.Regex");

    [Fact]
    public void Load_ClassOfManyEqualRanges_LoadsOrIsRefusedSoon()
    {
        // Each range covers a million characters: looked at one by one they would take hours.
        _folder.Write("tokenizer.json", Split("[a" + Repeat("\U00010000-\U0010FFFF", 2000, "") + "]"));
        AssertLoadsOrIsRefused();
    }

    [Fact]
    public void Load_LiteralBeyondTheLowerPlane_IsRefused() => AssertRefused(
        Tokenizer(preTokenizer: """{ "type": "Split", "pattern": { "String": "😀" }, "behavior": "Isolated" }"""), "pre_tokenizer.pattern.String");

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    public void Load_LinkOutOfTheFolder_IsRefused(string file)
    {
        string model = Directory.CreateDirectory(_folder.File("model")).FullName;
        if (file is not ("tokenizer.json" or "tokenizer.model"))
            File.WriteAllText(Path.Combine(model, "tokenizer.json"), Tokenizer());
        _folder.Write(file, Tokenizer());
        File.CreateSymbolicLink(Path.Combine(model, file), $"../{file}");
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(model));
        Assert.Contains($"{file}: a link to", error.Message);
    }

    [Fact]
    public void ChatTemplateHash_LinkOutOfTheFolder_IsRefused()
    {
        string model = Directory.CreateDirectory(_folder.File("model")).FullName;
        _folder.Write("chat_template.jinja", "secret");
        File.CreateSymbolicLink(Path.Combine(model, "chat_template.jinja"), "../chat_template.jinja");
        Assert.Throws<TokenizerException>(() => ChatTemplate.Hash(model));
    }

    private void AssertLoadsOrIsRefused()
    {
        try
        {
            TokenizerLoader.Load(_folder.Path);
        }
        catch (TokenizerException)
        {
            // as good
        }
    }

    private void AssertRefused(string content, string place)
    {
        _folder.Write("tokenizer.json", content);
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
        Assert.Contains("tokenizer.json", error.Message);
        Assert.Contains(place, error.Message);
    }

    private static string Split(string expression) =>
        Tokenizer(preTokenizer: $$"""{ "type": "Split", "behavior": "Isolated", "pattern": { "Regex": "{{expression}}" } }""");

    private static string Sequence(string field, string item, int count) => $$"""{ "type": "Sequence", "{{field}}": [{{Repeat(item, count)}}] }""";

    private static string Repeat(string item, int count, string separator = ",") => string.Join(separator, Enumerable.Repeat(item, count));

    private static string Tokenizer(
        string vocabulary = """{ "a": 0, "b": 1 }""", string preTokenizer = "null", string normalizer = "null", string decoder = "null",
        string postProcessor = "null") => $$"""
        { "normalizer": {{normalizer}}, "pre_tokenizer": {{preTokenizer}}, "post_processor": {{postProcessor}}, "decoder": {{decoder}},
          "model": { "type": "BPE", "vocab": {{vocabulary}}, "merges": [] } }
        """;
}
