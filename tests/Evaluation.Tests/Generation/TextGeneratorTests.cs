using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Generation;
using E3Scale.MoE;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.Evaluation.Tests.Generation;

public sealed class TextGeneratorTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Mesh _mesh = OneRank.Mesh();

    [SkippableTheory]
    [InlineData("stories260K", "Once upon a time")]
    [InlineData("babyllama105", "Once upon a time")]
    [InlineData("stories260K-id10", "Once upon a time")] // with five layers that do nothing
    public void Generate_TrainedModel_ContinuesLikeTheReference(string name, string prompt)
    {
        string folder = SharedData.Require("data", "models", name);
        using var reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")));
        var greedy = reference.RootElement.GetProperty("greedy_from_once_upon_a_time");
        int[] expected = [.. greedy.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        int length = greedy.GetProperty("prompt_len").GetInt32();
        ITokenizer tokenizer = TokenizerLoader.Load(folder);
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using ShardedModel model = ShardedModel.Load(checkpoint, _mesh, context: 256);

        int[] encoded = [tokenizer.BosId!.Value, .. tokenizer.Encode(prompt)];
        Assert.Equal(expected[..length], encoded);
        int[][] answers = new TextGenerator(model, tokenizer.EosId).Generate([expected[..length]], expected.Length - length);
        Assert.Equal(expected[length..], Assert.Single(answers));
    }

    [Fact]
    public void Generate_PromptsOfSeveralLengths_AnswersEachAsIfAlone()
    {
        using ShardedModel model = Model();
        TextGenerator generator = new(model, endToken: null);
        int[][] prompts = [[3, 9, 27, 1, 5], [8], [30, 2, 30]];

        Assert.Equal(prompts.Select(prompt => generator.Generate([prompt], 6)[0]), generator.Generate(prompts, 6));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("deepseek")]
    [InlineData("sliding")]
    public void Generate_WithACache_GivesTheTokensOfWholeTexts(string kind)
    {
        using ShardedModel model = Model(Config(kind));
        int[][] prompts = [[3, 9, 27, 1, 5], [8], [30, 2, 30], [17, 4, 4, 21, 0, 9, 12]];
        foreach (int? end in (int?[])[null, 6, 11, 20]) // with end tokens rows leave the batch at different times
        {
            int[][] expected = new TextGenerator(model, end) { UsesCache = false }.Generate(prompts, 40);
            Assert.Equal(expected, new TextGenerator(model, end).Generate(prompts, 40));
        }
    }

    [Fact]
    public void Generate_DynamicScalingBeyondTheContext_RunsWholeTexts()
    {
        var config = SmallModel.Llama();
        config["max_position_embeddings"] = 8;
        config["rope_scaling"] = new JsonObject { ["rope_type"] = "dynamic", ["factor"] = 2.0 };
        using ShardedModel model = Model(config);
        Assert.Equal(
            new TextGenerator(model, null) { UsesCache = false }.Generate([[3, 9, 27]], 12), new TextGenerator(model, null).Generate([[3, 9, 27]], 12));
    }

    [Fact]
    public void Generate_CompleteAnswer_Ends()
    {
        using ShardedModel model = Model();
        var generator = new TextGenerator(model, endToken: null) { IsComplete = answer => answer.Count == 3 };
        int[][] full = new TextGenerator(model, endToken: null).Generate([[3, 9, 27], [4]], 8);
        Assert.Equal(full.Select(answer => answer[..3]), generator.Generate([[3, 9, 27], [4]], 8));
    }

    [Fact]
    public void Generate_EveryToken_IsTheMostLikelyOne()
    {
        using var scope = NewDisposeScope();
        using ShardedModel model = Model();
        int[] answer = new TextGenerator(model, endToken: null).Generate([[3, 9, 27]], 5)[0];
        List<long> text = [3, 9, 27];
        foreach (int token in answer)
        {
            var logits_BTV = model.Decoder.Logits(model.Decoder.Forward(model.Decoder.Embed(tensor(text.ToArray(), [1, text.Count]))));
            double[] last = SmallModel.Values(logits_BTV.select(1, text.Count - 1));
            Assert.Equal(Array.IndexOf(last, last.Max()), token);
            text.Add(token);
        }
        Assert.Equal(5, answer.Length);
    }

    [Fact]
    public void Generate_EndToken_EndsTheAnswerWithoutIt()
    {
        using ShardedModel model = Model();
        int[] full = new TextGenerator(model, endToken: null).Generate([[3, 9, 27]], 8)[0];
        int end = full[3];
        int[] answer = new TextGenerator(model, end).Generate([[3, 9, 27]], 8)[0];

        Assert.Equal(full[..Array.IndexOf(full, end)], answer);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("deepseek")]
    public void Generate_Sampled_DependsOnStreamsButNotOnBatchOrderOrCache(string kind)
    {
        using ShardedModel model = Model(Config(kind));
        int[][] prompts = [[3, 9, 27, 1, 5], [8], [30, 2, 30], [8]];
        ulong[] streams = [11, 12, 13, 14];
        var sampling = new TokenSampling { Temperature = 2, TopP = 0.9, Seed = 4 };
        var generator = new TextGenerator(model, endToken: 6) { Sampling = sampling };

        int[][] together = generator.Generate(prompts, 20, streams);

        Assert.NotEqual(together[1], together[3]); // the same prompt in another stream
        Assert.NotEqual(new TextGenerator(model, endToken: 6).Generate(prompts, 20), together);
        Assert.Equal(together, prompts.Select((prompt, i) => generator.Generate([prompt], 20, [streams[i]])[0]));
        Assert.Equal(together.Reverse(), generator.Generate([.. prompts.Reverse()], 20, [.. streams.Reverse()]));
        Assert.Equal(together, new TextGenerator(model, endToken: 6) { Sampling = sampling, UsesCache = false }.Generate(prompts, 20, streams));
    }

    [Fact]
    public void Generate_NoPrompts_GivesNoAnswers()
    {
        using ShardedModel model = Model();
        Assert.Empty(new TextGenerator(model, endToken: 1).Generate([], 4));
    }

    public void Dispose()
    {
        _mesh.Dispose();
        _folder.Dispose();
    }

    private static JsonObject Config(string kind)
    {
        if (kind == "deepseek")
            return SmallModel.DeepSeek();
        var config = SmallModel.Llama();
        if (kind == "sliding")
            (config["model_type"], config["use_sliding_window"], config["sliding_window"], config["max_window_layers"]) = ("qwen2", true, 5, 1);
        return config;
    }

    private ShardedModel Model(JsonObject? config = null)
    {
        SmallModel.Write(_folder["model"], config ?? SmallModel.DeepSeek());
        using var checkpoint = HuggingFaceCheckpoint.Open(_folder["model"]);
        return ShardedModel.Load(checkpoint, _mesh, context: 16);
    }
}
