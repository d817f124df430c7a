using System.Text.Json;
using E3Scale.Data.Tokenizers;
using E3Scale.TestSupport;

namespace E3Scale.Data.Tests.Tokenizers;

public sealed class SentencePieceModelReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Encode_PublishedVectorsOfLlama2_GivesTheirIds()
    {
        string source = SharedData.Require("data", "tokenizers", "llama2");
        var tokenizer = LoadModelOnly(source);
        foreach (string line in File.ReadLines(Path.Combine(source, "vectors.jsonl")))
        {
            using var vector = JsonDocument.Parse(line);
            string text = vector.RootElement.GetProperty("text").GetString()!;
            int[] expected = [.. vector.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(text, recognizesSpecialTokens: false));
        }
    }

    [SkippableTheory]
    [InlineData("tokenizers", "llama2")]
    [InlineData("models", "stories260K")]
    [InlineData("models", "babyllama105")]
    public void Encode_RealText_AgreesWithTokenizerJson(string kind, string name)
    {
        string source = SharedData.Require("data", kind, name);
        var (json, model) = (TokenizerLoader.Load(source), LoadModelOnly(source));
        Assert.Equal(json.VocabularySize, model.VocabularySize);
        Assert.Equal((1, 2), (model.BosId, model.EosId));
        foreach (string line in File.ReadLines(SharedData.Require("data", "text", "tinystories-600.jsonl")).Take(100))
        {
            string text = JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!;
            // A run of spaces is one to the models that say so, and to their converted tokenizer.json it is not.
            text = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(json.Encode(text, addSpecialTokens: true), model.Encode(text, addSpecialTokens: true));
        }
    }

    [Fact]
    public void Encode_PiecesOfEqualScore_MergesTheLeftmost()
    {
        Write([("<unk>", 0, 2), ("a", -9, 1), ("b", -9, 1), ("c", -9, 1), ("bc", -1, 1), ("ab", -1, 1)]);
        Assert.Equal([5, 3], TokenizerLoader.Load(_folder.Path).Encode("abc"));
    }

    [Fact]
    public void Encode_HigherScore_MergesFirst()
    {
        Write([("<unk>", 0, 2), ("a", -9, 1), ("b", -9, 1), ("c", -9, 1), ("bc", -1, 1), ("ab", -2, 1)]);
        Assert.Equal([1, 4], TokenizerLoader.Load(_folder.Path).Encode("abc"));
    }

    [Fact]
    public void Encode_ExtraSpaces_AreLeftOutWhereTheModelSaysSo()
    {
        (string, float, int)[] pieces = [("<unk>", 0, 2), ("▁", -1, 1), ("a", -2, 1)];
        Write(pieces, normalizer: [0x18, 0]);
        Assert.Equal([2, 1, 2], TokenizerLoader.Load(_folder.Path).Encode("  a   a "));
        Write(pieces, normalizer: [0x18, 0, 0x20, 0]);
        Assert.Equal([1, 2, 1, 1, 2, 1], TokenizerLoader.Load(_folder.Path).Encode(" a  a "));
    }

    [Fact]
    public void Encode_UserDefinedPiece_IsOneTokenAlways()
    {
        Write([("<unk>", 0, 2), ("a", -1, 1), ("b", -2, 1), ("ab", -3, 4)]);
        Assert.Equal([1, 3, 2], TokenizerLoader.Load(_folder.Path).Encode("aabb"));
    }

    [Theory]
    [InlineData(1, "trainer_spec.model_type")]
    [InlineData(3, "trainer_spec.model_type")]
    public void Load_OtherModelType_NamesIt(int modelType, string field)
    {
        Write([("<unk>", 0, 2), ("a", -1, 1)], modelType: modelType);
        AssertRefused(field);
    }

    [Fact]
    public void Load_UnusedPiece_NamesIt()
    {
        Write([("<unk>", 0, 2), ("a", -1, 5)]);
        AssertRefused("pieces[1].type");
    }

    [Fact]
    public void Load_SamePieceTwice_NamesBoth()
    {
        Write([("<unk>", 0, 2), ("a", -1, 1), ("a", -2, 1)]);
        AssertRefused("pieces[2].piece");
    }

    [Fact]
    public void Load_VeryLongPiece_NamesIt()
    {
        Write([("<unk>", 0, 2), (new string('a', 300), -1, 1)]);
        AssertRefused("pieces[1].piece");
    }

    [Fact]
    public void Load_NoUnknownPiece_NamesTheField()
    {
        Write([("a", 0, 1)]);
        AssertRefused("trainer_spec.unk_id");
    }

    [Fact]
    public void Load_NormalizationTables_AreRefused()
    {
        Write([("<unk>", 0, 2)], normalizer: [0x12, 1, 7]);
        AssertRefused("normalizer_spec.precompiled_charsmap");
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x0A })]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x08, 1 })]
    [InlineData(new byte[] { 0x0B, 1 })]
    [InlineData(new byte[] { 0x0A, 3, 0x0A, 1, 0xFF })]
    public void Load_DamagedFile_NamesFile(byte[] content)
    {
        File.WriteAllBytes(_folder.File("tokenizer.model"), content);
        AssertRefused("tokenizer.model");
    }

    private void AssertRefused(string place)
    {
        var error = Assert.Throws<TokenizerException>(() => TokenizerLoader.Load(_folder.Path));
        Assert.Contains("tokenizer.model", error.Message);
        Assert.Contains(place, error.Message);
    }

    private ITokenizer LoadModelOnly(string source)
    {
        File.Copy(Path.Combine(source, "tokenizer.model"), _folder.File("tokenizer.model"));
        return TokenizerLoader.Load(_folder.Path);
    }

    private void Write((string Text, float Score, int Type)[] pieces, int modelType = 2, byte[]? normalizer = null) =>
        File.WriteAllBytes(_folder.File("tokenizer.model"), SentencePieceBytes.Model(pieces, modelType, normalizer));
}
