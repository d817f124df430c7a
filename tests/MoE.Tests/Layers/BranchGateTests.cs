using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>Attention and MLP of a layer gated apart, against a model in which the weights that end a branch are scaled by hand.</summary>
public sealed class BranchGateTests
{
    private const int Layers = 4;

    /// <summary>Latent attention with experts, grouped-query attention with dense MLPs, sandwich norms; attention and MLP of a layer of each.</summary>
    public static TheoryData<string, int> Branches => new()
    {
        { "deepseek_v3", 2 }, { "deepseek_v3", 5 }, { "llama", 2 }, { "llama", 5 }, { "pangu_ultra_moe", 2 }, { "pangu_ultra_moe", 5 },
    };

    [Theory]
    [MemberData(nameof(Branches))]
    public void Forward_BranchDropped_IsTheModelWhoseBranchAddsZeros(string architecture, int unit)
    {
        using var scope = NewDisposeScope();
        using Decoder gated = SmallModel.Create(ConfigOf(architecture)), zeroed = SmallModel.Create(ConfigOf(architecture));
        ScaleBranch(zeroed, unit, 0);

        Assert.Equal(Logits(zeroed, null), Logits(gated, new LayerGate(AllBut(unit)) { Units = PruningUnits.Branches }));
        Assert.NotEqual(Logits(gated, null), Logits(zeroed, null));
    }

    [Theory]
    [MemberData(nameof(Branches))]
    public void Constructor_BranchDropped_HasNoneOfItsWeightsAndTheSameOutput(string architecture, int unit)
    {
        using var scope = NewDisposeScope();
        var (config, names) = SmallModel.Parse(ConfigOf(architecture));
        config = config.Without(Dropped(unit));
        using Decoder whole = SmallModel.Create(ConfigOf(architecture)), half = new(config, names, new SmallModel.SeededWeights(1));

        Assert.Equal(Logits(whole, new LayerGate(AllBut(unit)) { Units = PruningUnits.Branches }), Logits(half, null));
        Assert.Equal(DecoderWeights.All(config).Select(weight => weight.NameIn(names)).Order(), half.Parameters.All.Select(parameter => parameter.Name).Order());
        Assert.Equal(
            DecoderWeights.OfLayer(SmallModel.Parse(ConfigOf(architecture)).Config, unit / 2).Count(weight => BranchOf(unit).HasFlag(weight.Role!.Value.BranchOf())),
            whole.Parameters.All.Count - half.Parameters.All.Count);
    }

    [Theory]
    [InlineData("deepseek_v3")]
    [InlineData("llama")]
    [InlineData("pangu_ultra_moe")]
    public void Forward_HardMasks_GradientsAgreeWithFiniteDifferences(string architecture)
    {
        const float Step = 0.01f;
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(ConfigOf(architecture));
        bool[] kept = [true, true, false, true, true, false, false, true];
        Tensor[] masks = Array.ConvertAll(kept, isKept => tensor(isKept ? 1f : 0f, requires_grad: true));
        Loss(model, new LayerGate(kept, masks) { Units = PruningUnits.Branches }).backward();

        for (int unit = 0; unit < kept.Length; unit++)
        {
            double[] losses = [.. new[] { Step, -Step }.Select(by =>
            {
                using Decoder moved = SmallModel.Create(ConfigOf(architecture));
                for (int other = 0; other < kept.Length; other++)
                    ScaleBranch(moved, other, (kept[other] ? 1 : 0) + (other == unit ? by : 0));
                return (double)Loss(moved, null).item<float>();
            })];
            double slope = (losses[0] - losses[1]) / (2 * Step);
            Assert.Equal(slope, masks[unit].grad!.item<float>(), 2e-3 * Math.Max(1, Math.Abs(slope))); // a float32 loss, a curved one
        }
    }

    [Theory]
    [InlineData("deepseek_v3")]
    [InlineData("pangu_ultra_moe")]
    public void Forward_DroppedBranch_KeepsNoGraphForItsWeightsOnly(string architecture)
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(ConfigOf(architecture));
        model.TrainEverything();
        bool[] kept = AllBut(4);
        Tensor[] masks = Array.ConvertAll(kept, isKept => tensor(isKept ? 1f : 0f, requires_grad: true));
        Loss(model, new LayerGate(kept, masks) { Units = PruningUnits.Branches }).backward();

        HashSet<string> attention = NamesOf(model, 4, weight => true);
        Assert.All(model.Parameters.Trainable.Where(parameter => attention.Contains(parameter.Name)), parameter => Assert.Null(parameter.Value.grad));
        Assert.All(
            model.Parameters.Trainable.Where(parameter => !attention.Contains(parameter.Name) && parameter.Placement == ParameterPlacement.Dense),
            parameter => Assert.NotNull(parameter.Value.grad));
    }

    [Fact]
    public void Forward_Recomputed_HasTheSameBits()
    {
        bool[] kept = [true, true, false, true, true, false, true, true];
        var expected = Gradients(Recomputation.None);

        Assert.Equal(expected, Gradients(Recomputation.Layer));

        double[][] Gradients(Recomputation recomputation)
        {
            using var scope = NewDisposeScope();
            using Decoder model = SmallModel.Create(SmallModel.DeepSeek());
            model.TrainEverything();
            model.Recomputation = recomputation;
            Tensor[] masks = Array.ConvertAll(kept, isKept => tensor(isKept ? 1f : 0f, requires_grad: true));
            Loss(model, new LayerGate(kept, masks) { Units = PruningUnits.Branches }).backward();
            return
            [
                .. model.Parameters.Trainable.Where(parameter => parameter.Value.grad is not null).Select(parameter => SmallModel.Values(parameter.Value.grad!)),
                [.. masks.Select(mask => (double)mask.grad!.item<float>())],
            ];
        }
    }

    [Fact]
    public void Units_OfBranches_AreNumberedAttentionFirst()
    {
        const PruningUnits Units = PruningUnits.Branches;

        Assert.Equal([6, 7], Units.OfLayer(3));
        Assert.Equal((3, LayerBranches.Attention, "attention of layer 3"), (Units.LayerOf(6), Units.BranchesOf(6), Units.Describe(6)));
        Assert.Equal((3, LayerBranches.Mlp, "MLP of layer 3"), (Units.LayerOf(7), Units.BranchesOf(7), Units.Describe(7)));
        Assert.Equal([3], PruningUnits.Layers.OfLayer(3));
    }

    private static bool[] AllBut(int unit) => [.. Enumerable.Range(0, 2 * Layers).Select(other => other != unit)];

    private static LayerBranches BranchOf(int unit) => unit % 2 == 0 ? LayerBranches.Attention : LayerBranches.Mlp;

    private static DroppedBranches Dropped(int unit) =>
        unit % 2 == 0 ? new DroppedBranches { Attention = [unit / 2] } : new DroppedBranches { Mlp = [unit / 2] };

    private static HashSet<string> NamesOf(Decoder model, int unit, Func<WeightShape, bool> which)
    {
        IDecoderWeightNames names = SmallModel.Parse(ConfigOf(model.Config.ModelType)).Names;
        return [.. DecoderWeights.OfLayer(model.Config, unit / 2).Where(weight => weight.Role!.Value.BranchOf() == BranchOf(unit) && which(weight))
            .Select(weight => weight.NameIn(names))];
    }

    private static void ScaleBranch(Decoder model, int unit, float scale)
    {
        using var _ = no_grad();
        foreach (string name in NamesOf(model, unit, weight => weight.Role!.Value.EndsBranch(model.Config.SandwichNorm)))
            model.Parameters[name].Value.mul_(scale);
    }

    private static double[] Logits(Decoder model, LayerGate? gate) => SmallModel.Values(model.Logits(model.Forward(model.Embed(SmallModel.Ids(2, 9)), gate)));

    private static Tensor Loss(Decoder model, LayerGate? gate)
    {
        Tensor ids_BT = SmallModel.Ids(2, 9);
        return GoldenModel.NextTokenLoss(model.Logits(model.Forward(model.Embed(ids_BT), gate)), ids_BT);
    }

    /// <summary>Experts by no choice that a small step could change.</summary>
    private static JsonObject ConfigOf(string architecture)
    {
        JsonObject config = architecture switch
        {
            "deepseek_v3" => SmallModel.DeepSeek(Layers),
            "pangu_ultra_moe" => SmallModel.Pangu(Layers),
            _ => SmallModel.Llama(Layers),
        };
        if (architecture != "llama")
            config["num_experts_per_tok"] = config["n_routed_experts"]!.GetValue<int>();
        if (architecture == "deepseek_v3")
            config["topk_group"] = config["n_group"]!.GetValue<int>();
        return config;
    }
}
