using System.Text;
using E3Scale.Data.Tokenizers;
using E3Scale.TestSupport.Fuzzing;

namespace E3Scale.Data.Tests.Tokenizers;

/// <summary>
/// Damaged and hostile tokenizer files: a clear error, or a tokenizer that encodes and decodes; never a crash, or more memory than the size of
/// the files accounts for. The target Fuzz runs the same tests on many more files.
/// </summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private const string Text = "Hello  ab <s>\n1234 it's \u00e9\u0301 \ud83d\ude00 <m> \u4f60\u597d</s>";

    // Byte-level, as DeepSeek, Qwen and LLaMA-3 have it. G-circumflex-dot is the byte alphabet's space.
    private const string ByteLevel = """
        {
          "version": "1.0", "truncation": null,
          "added_tokens": [
            { "id": 10, "content": "<s>", "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false },
            { "id": 11, "content": "<m>", "lstrip": true, "rstrip": true, "single_word": true, "normalized": true }],
          "normalizer": { "type": "Sequence", "normalizers": [{ "type": "NFC" }] },
          "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": "\\p{N}{1,3}|[一-龥]+" }, "behavior": "Isolated", "invert": false },
            { "type": "Split", "pattern": { "String": "b" }, "behavior": "MergedWithNext" },
            { "type": "Digits", "individual_digits": true },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true }] },
          "post_processor": { "type": "Sequence", "processors": [{ "type": "ByteLevel" },
            { "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }] }] },
          "decoder": { "type": "ByteLevel", "add_prefix_space": true },
          "model": { "type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": true,
            "vocab": { "a": 0, "b": 1, "l": 2, "o": 3, "\u0120": 4, "1": 5, "ab": 6, "lo": 7, "llo": 8, "\u0120ab": 9 },
            "merges": ["a b", "l o", ["l", "lo"], "\u0120 ab"] }
        }
        """;

    // SentencePiece-like, as LLaMA-2 has it.
    private const string SentencePiece = """
        {
          "added_tokens": [{ "id": 0, "content": "<unk>", "special": true }, { "id": 1, "content": "<s>", "special": true }],
          "normalizer": { "type": "Sequence", "normalizers": [{ "type": "Prepend", "prepend": "▁" },
            { "type": "Replace", "pattern": { "String": " " }, "content": "▁" }] },
          "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false },
          "post_processor": { "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }, { "Sequence": { "id": "A" } }] },
          "decoder": { "type": "Sequence", "decoders": [{ "type": "Replace", "pattern": { "String": "▁" }, "content": " " }, { "type": "ByteFallback" },
            { "type": "Fuse" }, { "type": "Strip", "content": " ", "start": 1, "stop": 0 }, { "type": "Metaspace", "replacement": "▁" }] },
          "model": { "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
            "vocab": { "<unk>": 0, "<s>": 1, "▁": 2, "a": 3, "b": 4, "▁a": 5, "▁ab": 6, "<0xC3>": 7, "<0xA9>": 8, "l": 9, "ll": 10 },
            "merges": ["▁ a", "▁a b", "l l"] }
        }
        """;

    private const string Config = """
        { "bos_token": { "content": "<s>", "lstrip": false }, "eos_token": "<s>", "pad_token": null, "add_bos_token": true, "add_eos_token": false,
          "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}" }
        """;

    private const string GenerationConfig = """{ "bos_token_id": 1, "eos_token_id": [1, 0], "pad_token_id": 0 }""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ByteLevel, 51, 30)]
    [InlineData(SentencePiece, 52, 30)]
    public void Load_TokenizerChanged_ThrowsOrEncodes(string tokenizer, int seed, int percent)
    {
        Random random = new(seed);
        byte[] sound = Encoding.UTF8.GetBytes(tokenizer);
        Check("tokenizer.json", FuzzFiles.Share(percent), () => JsonMutator.Mutate(sound, random));
    }

    [Theory]
    [InlineData("tokenizer_config.json", Config, 53)]
    [InlineData("special_tokens_map.json", Config, 54)]
    [InlineData("generation_config.json", GenerationConfig, 55)]
    public void Load_FileBesideItChanged_ThrowsOrEncodes(string file, string content, int seed)
    {
        _folder.Write("tokenizer.json", SentencePiece);
        Random random = new(seed);
        byte[] sound = Encoding.UTF8.GetBytes(content);
        Check(file, FuzzFiles.Share(percent: 5), () => JsonMutator.Mutate(sound, random));
    }

    [Fact]
    public void Load_SentencePieceModelChanged_ThrowsOrEncodes()
    {
        byte[] sound = SentencePieceBytes.Model(
            [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("<0xC3>", 0, 6), ("<0xA9>", 0, 6), ("\u2581", -9, 1), ("a", -9, 1), ("b", -9, 1),
             ("l", -9, 1), ("ab", -1, 1), ("ll", -2, 1), ("\u2581ab", -3, 1), ("<m>", 0, 4)]);
        Random random = new(56);
        Check("tokenizer.model", FuzzFiles.Share(percent: 25), () => ByteMutator.Mutate(sound, random));
    }

    /// <summary>Many of the smallest parts that a tokenizer can have: what they cost must stay in proportion.</summary>
    [Theory]
    [InlineData("\"a\": 0,", "\"t{0}\": {0},", 0)] // tokens
    [InlineData("\"a b\",", "\"a b\",", 0)] // merges
    [InlineData("{ \"id\": 10,", "{{ \"id\": {0}, \"content\": \"{0}\" }},", 12)] // added tokens
    public void Load_ManySmallParts_AllocatesInProportion(string place, string part, int first)
    {
        var parts = new StringBuilder();
        for (int i = first; i < first + 20_000; i++)
            parts.AppendFormat(null, part, i + 100);
        byte[] content = Encoding.UTF8.GetBytes(ByteLevel.Replace(place, parts + place, StringComparison.Ordinal));
        Check("tokenizer.json", 1, () => content);
    }

    private void Check(string name, int files, Func<byte[]> next)
    {
        for (int round = 0; round < files; round++)
        {
            byte[] content = next();
            File.WriteAllBytes(_folder.File(name), content);
            HostileInput.Read<TokenizerException>(Use, _folder.Path, MaxBytes(content.Length), content);
        }
    }

    // The constant holds the tables of the byte alphabet, of expressions and of ids with gaps, and the compiled expressions.
    private static long MaxBytes(long fileBytes) => (256 * fileBytes) + (1 << 22);

    private void Use()
    {
        var tokenizer = TokenizerLoader.Load(_folder.Path);
        int[] ids = tokenizer.Encode(Text, addSpecialTokens: true);
        Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        tokenizer.Decode(ids);
        tokenizer.Decode(ids, skipSpecialTokens: true);
        ChatTemplate.Hash(_folder.Path);
    }
}
