using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Pruner.Compensation;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Compensation;

/// <summary>The hidden state before a cut becomes the factor times what it was, in every architecture.</summary>
public sealed class ResidualScalingTests
{
    private const int Layers = 5;
    private const double Scale = 1.7;

    public static TheoryData<string> Architectures => ["llama", "llama, tied", "deepseek", "sandwich norms"];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void ScaleWeights_OneCut_ScalesTheStreamBeforeItAndNothingBehind(string architecture)
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using ShardedModel model = Create(architecture, mesh);
        Tensor[] before = Stream(model.Decoder);
        ResidualScaling.Of(Layers, [(3, Scale)]).ScaleWeights(model);
        Tensor[] after = Stream(model.Decoder);

        // x_0 .. x_3, the last of which enters the layer to be dropped. What remains is the norms' epsilon.
        for (int layer = 0; layer <= 3; layer++)
            Assert.InRange(SmallModel.Distance(before[layer] * Scale, after[layer]) / before[layer].abs().max().item<float>(), 0, 2e-5);
    }

    // With all layers scaled the final norm sees the factor alone: a tied head must not scale the logits.
    [Theory]
    [MemberData(nameof(Architectures))]
    public void ScaleWeights_WholeModel_LeavesTheLogits(string architecture)
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using ShardedModel model = Create(architecture, mesh);
        var before_BTV = model.Decoder.Logits(Stream(model.Decoder)[^1]);
        ResidualScaling.Of(Layers, [(Layers, Scale)]).ScaleWeights(model);

        Assert.InRange(SmallModel.Distance(before_BTV, model.Decoder.Logits(Stream(model.Decoder)[^1])) / before_BTV.abs().max().item<float>(), 0, 5e-5);
    }

    [Fact]
    public void Of_SeveralCuts_MultipliesWhatIsBeforeEach()
    {
        ResidualScaling scaling = ResidualScaling.Of(5, [(3, 2), (1, 3)]);

        Assert.Equal(6, scaling.EmbeddingFactor);
        Assert.Equal([6, 2, 2, 1, 1], scaling.LayerFactors);
    }

    [Fact]
    public void ScaleWeights_FrozenInFp8_KeepsTheCodes()
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using ShardedModel model = Create("deepseek", mesh, FrozenStorage.Fp8);
        ModelParameter down = model.Decoder.Parameters["model.layers.1.mlp.experts.3.down_proj.weight"];
        byte[] codes = [.. down.Blocks!.Codes.data<byte>()];
        double[] scales = SmallModel.Values(down.Blocks.Scales);
        ResidualScaling.Of(Layers, [(3, Scale)]).ScaleWeights(model);

        Assert.Equal(codes, down.Blocks.Codes.data<byte>().ToArray());
        Assert.All(scales.Zip(SmallModel.Values(down.Blocks.Scales)), pair => Assert.Equal(pair.First * Scale, pair.Second, 1e-9));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ScaleStates_TrainedWeights_DoWhatScaledWeightsDo(bool withAdapters)
    {
        using var scope = NewDisposeScope();
        using Mesh mesh = OneRank.Mesh();
        using ShardedModel model = Create("llama", mesh);
        TrainOptions train = new() { Lora = withAdapters ? new LoraOptions { Rank = 2, Alpha = 4 } : null };
        ResidualScaling scaling = ResidualScaling.Of(Layers, [(3, Scale)]);
        TrainableParameters.Choose(model.Decoder, train);
        using MeshOptimizer optimizer = new(model.Decoder, mesh, train.Optimizer);
        model.Decoder.Logits(model.Decoder.Forward(model.Decoder.Embed(SmallModel.Ids(2, 9)))).logsumexp(-1).sum().backward();
        optimizer.Step(0, 0.02);
        Tensor[] before = Stream(model.Decoder);
        // The recovery scales what is frozen when it loads it; here it is done by hand, so that the states are tested alone.
        foreach (var parameter in model.Decoder.Parameters.All.Where(parameter => !parameter.Trainable))
            Rescale(parameter, scaling.FactorsOf(model.Config, model.Names).GetValueOrDefault(parameter.Name, 1));
        scaling.ScaleStates(model, optimizer);
        Tensor[] after = Stream(model.Decoder);

        Assert.InRange(SmallModel.Distance(before[3] * Scale, after[3]) / before[3].abs().max().item<float>(), 0, 2e-5);
    }

    private static void Rescale(ModelParameter parameter, double factor)
    {
        using var _ = no_grad();
        parameter.Value.detach().mul_(factor);
    }

    /// <summary>The residual stream before every layer, and behind the last: [L + 1].</summary>
    private static Tensor[] Stream(Decoder model)
    {
        var stream = new List<Tensor> { model.Embed(SmallModel.Ids(2, 9)) };
        model.Forward(stream[0], afterLayer: (_, output_BTH) => stream.Add(output_BTH));
        return [.. stream.Select(state => state.detach().clone())];
    }

    private static ShardedModel Create(string architecture, Mesh mesh, FrozenStorage frozen = FrozenStorage.Same)
    {
        JsonObject json = architecture switch
        {
            "llama" => SmallModel.Llama(Layers),
            "llama, tied" => SmallModel.Llama(Layers, tied: true),
            "deepseek" => SmallModel.DeepSeek(Layers),
            _ => SmallModel.Pangu(Layers),
        };
        var (config, names) = SmallModel.Parse(json);
        return ShardedModel.Create(config, names, new SmallModel.SeededWeights(1), mesh, context: 9, frozen: frozen);
    }
}
