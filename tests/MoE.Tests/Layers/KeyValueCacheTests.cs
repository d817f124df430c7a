using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: B = rows, T = positions, H = hidden.

public sealed class KeyValueCacheTests
{
    private const int NewTokens = 9;

    // The same sums of float32 in another order.
    private const double Tolerance = 2e-5;

    private static readonly int[] s_prompts = [5, 2, 7];

    public static TheoryData<string> Models =>
    [
        """{}""",
        """{"num_key_value_heads": 4}""",
        """{"model_type": "qwen2", "num_key_value_heads": 1}""",
        """{"model_type": "qwen3", "head_dim": 8}""",
        """{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 3, "max_window_layers": 2}""",
        """{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 0}""",
        """{"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": null, "rope_theta": 10000.0}""",
        """{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}}""",
        """{"model_type": "deepseek_v3"}""",
        """{"model_type": "deepseek_v3", "kv_lora_rank": 32, "qk_rope_head_dim": 16, "v_head_dim": 24}""", // wide enough for the kernel of next tokens
        """{"model_type": "qwen3", "head_dim": 16, "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 0}""",
        """{"model_type": "deepseek_v3", "q_lora_rank": null}""",
        """{"model_type": "deepseek_v3", "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 16, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 0.8}}""",
    ];

    [Theory]
    [MemberData(nameof(Models))]
    public void Forward_TokenByToken_GivesWhatWholeTextsGive(string changes)
    {
        using Decoder model = SmallModel.Create(Config(changes));
        AssertSame(model, null);
    }

    [Fact]
    public void Forward_LayersLeftOut_GoesOnWithoutThem()
    {
        using Decoder model = SmallModel.Create(SmallModel.DeepSeek());
        AssertSame(model, new LayerGate([true, false, true, true]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_LayersWithoutABranch_GoesOnWithoutIt(bool isDropped)
    {
        var (config, names) = SmallModel.Parse(SmallModel.DeepSeek());
        config = isDropped ? config.Without(new DroppedBranches { Attention = [0, 2], Mlp = [1] }) : config;
        using Decoder model = new(config, names, new SmallModel.SeededWeights(1));
        AssertSame(model, isDropped ? null : new LayerGate([false, true, true, false, false, true, true, true]) { Units = PruningUnits.Branches });
    }

    [Theory]
    [InlineData(FrozenStorage.BFloat16)]
    [InlineData(FrozenStorage.Fp8)]
    public void Forward_AdaptersBesideCompressedWeights_AreAbsorbedToo(FrozenStorage frozen)
    {
        using var folder = new TestFolder();
        SmallModel.Write(folder["model"], SmallModel.DeepSeek());
        using var checkpoint = HuggingFaceCheckpoint.Open(folder["model"]);
        using Decoder model = new(checkpoint.Config, checkpoint.Names, checkpoint, frozen: frozen);
        model.AddAdapters(new LoraOptions { Rank = 2, Targets = LoraTargets.Attention }, (_, values) => values.Span.Fill(0.3f));
        using (no_grad())
            foreach (var parameter in model.Parameters.All.Where(parameter => Projection.IsAdapter(parameter.Name)))
                parameter.Value.fill_(0.1f);
        AssertSame(model, null);
    }

    [Fact]
    public void Keep_SomeRows_GoesOnWithThose()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using Decoder model = SmallModel.Create(SmallModel.DeepSeek());
        long[][] texts = Texts();
        using var cache = new KeyValueCache(s_prompts);
        Prompt(model, texts, cache, null);
        cache.Keep([0, 2]);

        Assert.Equal([5, 7], cache.Lengths);
        var next_BTH = Next(model, [texts[0][5], texts[2][7]], cache, null);
        Assert.Equal(Whole(model, texts[0][..6], null)[^1], SmallModel.Values(next_BTH[0]), Close);
        Assert.Equal(Whole(model, texts[2][..8], null)[^1], SmallModel.Values(next_BTH[1]), Close);
        Assert.Equal([6, 8], cache.Lengths);
    }

    [Fact]
    public void Bytes_LatentAttention_AreThoseOfTheLatentAndOneRotaryKey()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using Decoder model = SmallModel.Create(SmallModel.DeepSeek(layers: 3));
        using var cache = new KeyValueCache(s_prompts);
        Prompt(model, Texts(), cache, null);
        Assert.Equal(3L * s_prompts.Length * 64 * (8 + 4) * sizeof(float), cache.Bytes); // room for 64 positions at first
    }

    [Fact]
    public void Forward_NeitherPromptsNorOneTokenEach_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using Decoder model = SmallModel.Create(SmallModel.Llama());
        using var cache = new KeyValueCache(s_prompts);
        Assert.Throws<ArgumentException>(() => model.Forward(model.Embed(SmallModel.Ids(3, 6)), cache: cache));
        Prompt(model, Texts(), cache, null);
        var error = Assert.Throws<ArgumentException>(() => model.Forward(model.Embed(SmallModel.Ids(3, 2)), cache: cache));
        Assert.Contains("3 rows and expects 1 positions of each, got 3 rows of 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void Supports_DynamicScaling_UpToTheTrainedContext(int positions, bool expected)
    {
        var (config, _) = SmallModel.Parse(Config("""{"max_position_embeddings": 16, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}"""));
        Assert.Equal(expected, KeyValueCache.Supports(config, positions));
        Assert.True(KeyValueCache.Supports(SmallModel.Parse(SmallModel.Llama()).Config, 1 << 20));
    }

    /// <summary>Every position of every row, prompts of unequal length first, then one token at a time.</summary>
    private static void AssertSame(Decoder model, LayerGate? gate)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        long[][] texts = Texts();
        double[][][] expected = [.. texts.Select(text => Whole(model, text, gate))];
        using var cache = new KeyValueCache(s_prompts);
        var prompts_BTH = Prompt(model, texts, cache, gate);
        for (int row = 0; row < texts.Length; row++)
            Assert.Equal(expected[row][s_prompts[row] - 1], SmallModel.Values(prompts_BTH[row, s_prompts[row] - 1]), Close);
        for (int step = 0; step < NewTokens; step++)
        {
            var next_BTH = Next(model, [.. texts.Select((text, row) => text[s_prompts[row] + step])], cache, gate);
            for (int row = 0; row < texts.Length; row++)
                Assert.Equal(expected[row][s_prompts[row] + step], SmallModel.Values(next_BTH[row]), Close);
        }
    }

    private static bool Close(double left, double right) => Math.Abs(left - right) <= Tolerance * Math.Max(1, Math.Abs(right));

    private static JsonObject Config(string changes)
    {
        var extra = JsonNode.Parse(changes)!.AsObject();
        JsonObject config = (string?)extra["model_type"] == "deepseek_v3" ? SmallModel.DeepSeek() : SmallModel.Llama();
        foreach (var (name, value) in extra)
            config[name] = value?.DeepClone();
        return config;
    }

    private static long[][] Texts() =>
        [.. s_prompts.Select((prompt, row) => Enumerable.Range(0, prompt + NewTokens).Select(t => (long)((7 * t * t + 11 * row + 5 * t + 3) % SmallModel.Vocabulary)).ToArray())];

    private static double[][] Whole(Decoder model, long[] text, LayerGate? gate)
    {
        using var scope = NewDisposeScope();
        return [.. SmallModel.Values(model.Forward(model.Embed(tensor(text, [1, text.Length])), gate)).Chunk(model.Config.HiddenSize)];
    }

    private static Tensor Prompt(Decoder model, long[][] texts, KeyValueCache cache, LayerGate? gate)
    {
        int longest = s_prompts.Max();
        long[] ids = [.. texts.SelectMany((text, row) => text[..s_prompts[row]].Concat(Enumerable.Repeat(1L, longest - s_prompts[row])))];
        return model.Forward(model.Embed(tensor(ids, [texts.Length, longest])), gate, cache: cache);
    }

    private static Tensor Next(Decoder model, long[] tokens, KeyValueCache cache, LayerGate? gate) =>
        model.Forward(model.Embed(tensor(tokens, [tokens.Length, 1])), gate, cache: cache);
}
