using System.Text.Json;
using E3Scale.Data.Tokenizers;
using E3Scale.TestSupport;

namespace E3Scale.Pruner.Tests.Selection;

/// <summary>Token ids of real stories; skips the test where they do not lie beside the checkout.</summary>
internal static class StoryTokens
{
    /// <summary>Rows of ids, stories one behind the other.</summary>
    /// <param name="teacher">Folder with the tokenizer.</param>
    /// <param name="sequences">Rows.</param>
    /// <param name="positions">Ids of a row.</param>
    public static IEnumerable<long[]> Of(string teacher, int sequences, int positions)
    {
        ITokenizer tokenizer = TokenizerLoader.Load(teacher);
        var ids = new List<long>();
        foreach (string line in File.ReadLines(SharedData.Require("data", "text", "tinystories-600.jsonl")))
        {
            using var story = JsonDocument.Parse(line);
            ids.Add(tokenizer.BosId!.Value);
            ids.AddRange(tokenizer.Encode(story.RootElement.GetProperty("text").GetString()!).Select(id => (long)id));
            if (ids.Count >= sequences * positions)
                break;
        }
        return ids.Take(sequences * positions).Chunk(positions);
    }
}
