using System.Text.Json;
using E3Scale.Data.Tokenizers;
using E3Scale.TestSupport;

namespace E3Scale.Data.Tests.Tokenizers;

/// <summary>Published tokenizers against the ids that other encoders gave.</summary>
public sealed class TokenizerVectorTests
{
    [SkippableTheory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    [InlineData("llama2")]
    [InlineData("deepseek-llm")]
    [InlineData("deepseek-coder")]
    [InlineData("deepseek-r1")] // ids only: the tokenizer.json is for the user to put beside them
    public void Encode_PublishedVectors_GivesTheirIds(string name)
    {
        string folder = Path.GetDirectoryName(SharedData.Require("data", "tokenizers", name, "tokenizer.json"))!;
        var tokenizer = TokenizerLoader.Load(folder);
        var wrong = new List<string>();
        foreach (string line in File.ReadLines(Path.Combine(folder, "vectors.jsonl")))
        {
            using var vector = JsonDocument.Parse(line);
            string text = vector.RootElement.GetProperty("text").GetString()!;
            int[] expected = [.. vector.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            // The vectors of llama2 were made from its SentencePiece model, which never reads control tokens from a text.
            int[] actual = tokenizer.Encode(text, recognizesSpecialTokens: name != "llama2");
            if (!expected.SequenceEqual(actual))
                wrong.Add($"{text}\n  expected {string.Join(' ', expected)}\n  actual   {string.Join(' ', actual)}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong: {string.Join('\n', wrong.Take(5))}");
    }
}
