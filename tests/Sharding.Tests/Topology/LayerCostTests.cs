using E3Scale.MoE;
using E3Scale.Sharding.RankProgram;

namespace E3Scale.Sharding.Tests.Topology;

public sealed class LayerCostTests
{
    public static TheoryData<string, int> Layers => new()
    {
        { "deepseek_v3", 0 }, // dense
        { "deepseek_v3", 3 }, // mixture of experts
        { "llama", 1 },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void OfLayer_NoContext_IsTheMatrixElementsThatATokenUses(string modelType, int layer)
    {
        TinyModel model = modelType == "llama" ? TinyModel.TiedLlama : TinyModel.DeepSeek;
        using var decoder = model.CreateDecoder();
        // The router, an H x E matrix, is left out of the cost; llama has none.
        string router = model.Config.Moe is null ? "" : model.Names.InLayer(layer, LayerWeight.Router);
        double used = decoder.Parameters.All
            .Where(p => p.Layer == layer && p.Value.dim() == 2 && p.Name != router)
            .Sum(p => p.Value.numel() * (p.Placement == ParameterPlacement.Expert ? ShareOfExperts(model) : 1));

        Assert.Equal(used, LayerCost.OfLayer(model.Config, layer, context: 0), 1e-9 * used);
    }

    [Theory]
    // Scores and weighted values over half of 10 positions: 2 heads x (12 + 8) x 5, and 4 heads x (8 + 8) x 5.
    [InlineData("deepseek_v3", 200)]
    [InlineData("llama", 320)]
    public void OfLayer_Context_AddsTheAttentionOverHalfOfIt(string modelType, double expected)
    {
        TinyModel model = modelType == "llama" ? TinyModel.TiedLlama : TinyModel.DeepSeek;
        double added = LayerCost.OfLayer(model.Config, 1, context: 10) - LayerCost.OfLayer(model.Config, 1, context: 0);
        Assert.Equal(expected, added, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void OfLayer_OneBranch_IsItsShareOfTheLayer(string modelType, int layer)
    {
        DecoderConfig config = (modelType == "llama" ? TinyModel.TiedLlama : TinyModel.DeepSeek).Config;
        double mlp = LayerCost.OfLayer(config.Without(new DroppedBranches { Attention = [layer] }), layer, context: 10);
        double attention = LayerCost.OfLayer(config.Without(new DroppedBranches { Mlp = [layer] }), layer, context: 10);

        Assert.Equal(LayerCost.OfLayer(config, layer, context: 10), attention + mlp, 1e-6);
        Assert.Equal(3.0 * config.HiddenSize * (config.IsMoeLayer(layer)
            ? config.Moe!.ExpertsPerToken * config.Moe.ExpertIntermediateSize + config.Moe.SharedIntermediateSize
            : config.IntermediateSize), mlp, 1e-6);
    }

    [Fact]
    public void OfHead_IsHiddenTimesVocabulary() => Assert.Equal(32 * 64, LayerCost.OfHead(TinyModel.DeepSeek.Config));

    private static double ShareOfExperts(TinyModel model) => (double)model.Config.Moe!.ExpertsPerToken / model.Config.Moe.RoutedExpertCount;
}
