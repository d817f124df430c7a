using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

public sealed class LayerGateTests
{
    public static TheoryData<string> Models => GoldenModelTests.Models;

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Forward_MaskOfOnes_GradientAgreesWithReference(string model) => CheckGradient(model, [], "mask_grad_all_ones");

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Forward_Layers1And3Dropped_GradientAgreesWithReference(string model) => CheckGradient(model, [1, 3], "mask_grad_skip_1_3");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_DroppedLayer_KeepsNoGraphForItsWeights(bool mixtureOfExperts)
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(mixtureOfExperts ? SmallModel.DeepSeek() : SmallModel.Llama());
        model.TrainEverything();
        Backward(model, Gate(model, dropped: 2, masked: true));

        Assert.All(model.Parameters.All.Where(p => p.Layer == 2), p => Assert.Null(p.Value.grad));
        // Of the other layers everything but the bias without gradient and experts that no token chose.
        Assert.All(
            model.Parameters.Trainable.Where(p => p.Layer != 2 && p.Placement == ParameterPlacement.Dense), p => Assert.NotNull(p.Value.grad));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_DroppedLayer_PassesTheGradientThroughTheIdentityOnly(bool mixtureOfExperts)
    {
        using var scope = NewDisposeScope();
        JsonObject config = mixtureOfExperts ? SmallModel.DeepSeek() : SmallModel.Llama();
        using Decoder masked = SmallModel.Create(config), without = SmallModel.Create(config);
        masked.TrainEverything();
        without.TrainEverything();
        Backward(masked, Gate(masked, dropped: 1, masked: true));
        Backward(without, Gate(without, dropped: 1, masked: false));

        foreach (ModelParameter expected in without.Parameters.Trainable.Where(p => p.Layer != 1 && p.Value.grad is not null))
        {
            double scale = SmallModel.Values(expected.Value.grad!).Max(Math.Abs);
            Assert.InRange(SmallModel.Distance(expected.Value.grad!, masked.Parameters[expected.Name].Value.grad!), 0, 1e-6 * scale + 1e-9);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void MaskedLayer_AnyMask_GradientsAgreeWithFiniteDifferences(float mask)
    {
        const float Step = 0.25f; // y is linear in each argument, so that the step makes no error of its own
        using var scope = NewDisposeScope();
        Tensor input = SmallModel.Noise(1, 2, 3, 4).requires_grad_(), output = SmallModel.Noise(2, 2, 3, 4).requires_grad_();
        Tensor weight = SmallModel.Noise(3, 2, 3, 4);
        Tensor mask0 = tensor(mask, requires_grad: true);
        Loss(input, output, mask0).backward();

        double Difference(Func<float, Tensor> loss)
        {
            using var _ = no_grad();
            return (loss(Step).item<float>() - (double)loss(-Step).item<float>()) / (2 * Step);
        }
        Tensor Loss(Tensor x, Tensor f, Tensor m) => (MaskedLayerFunction.apply(x, f, m) * weight).sum();

        double[] inputGradient = SmallModel.Values(input.grad!), outputGradient = SmallModel.Values(output.grad!);
        for (int i = 0; i < inputGradient.Length; i++)
        {
            Assert.Equal(Difference(h => Loss(Shifted(input, i, h), output, mask0)), inputGradient[i], 1e-4); // float32 sums
            Assert.Equal(Difference(h => Loss(input, Shifted(output, i, h), mask0)), outputGradient[i], 1e-4);
        }
        Assert.Equal(Difference(h => Loss(input, output, tensor(mask + h))), mask0.grad!.item<float>(), 1e-4);
    }

    [Fact]
    public void MaskedLayer_HardMask_IsExact()
    {
        using var scope = NewDisposeScope();
        Tensor input = SmallModel.Noise(4, 2, 3, 4), output = SmallModel.Noise(5, 2, 3, 4);

        Assert.Equal(SmallModel.Values(input), SmallModel.Values(MaskedLayerFunction.apply(input, output, tensor(0f))));
        Assert.Equal(SmallModel.Values(output), SmallModel.Values(MaskedLayerFunction.apply(input, output, tensor(1f))));
    }

    [Fact]
    public void MaskedLayer_BFloat16_GradientOfTheMaskIsSummedInFloat32()
    {
        using var scope = NewDisposeScope();
        Tensor input = zeros(4096, dtype: ScalarType.BFloat16), output = ones(4096, dtype: ScalarType.BFloat16);
        Tensor mask = tensor(0f, requires_grad: true);
        MaskedLayerFunction.apply(input, output, mask).sum().backward();

        Assert.Equal(4096f, mask.grad!.item<float>()); // a bfloat16 sum of ones stops at 256
    }

    /// <summary>Latent attention with experts, grouped-query attention with dense MLPs, sandwich norms.</summary>
    public static TheoryData<string> Architectures => ["deepseek_v3", "llama", "pangu_ultra_moe"];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Forward_SoftGates_GradientsAgreeWithFiniteDifferences(string architecture)
    {
        const float Step = 0.01f;
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(ConfigOf(architecture));
        float[] gates = [1, 0.7f, 0.4f, 0.9f];
        Tensor[] masks = Soft(gates);
        Loss(model, masks).backward();

        for (int layer = 0; layer < gates.Length; layer++)
        {
            double[] losses = [.. new[] { Step, -Step }.Select(by => Loss(model, Soft([.. gates.Select((gate, i) => i == layer ? gate + by : gate)])).item<float>())];
            double slope = (losses[0] - losses[1]) / (2 * Step);
            Assert.Equal(slope, masks[layer].grad!.item<float>(), 2e-3 * Math.Max(1, Math.Abs(slope))); // a float32 loss, a curved one
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Forward_SoftGatesOfOneAndZero_AreTheHardMask(string architecture)
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(ConfigOf(architecture));
        Tensor ids_BT = SmallModel.Ids(2, 9);
        var soft = model.Forward(model.Embed(ids_BT), new LayerGate([true, false, true, true], Soft([1, 0, 1, 1]), IsSoft: true));
        var hard = model.Forward(model.Embed(ids_BT), new LayerGate([true, false, true, true]));

        Assert.Equal(SmallModel.Values(hard), SmallModel.Values(soft));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void OutputParameters_Multiplied_AreTheSoftGate(string architecture)
    {
        using var scope = NewDisposeScope();
        using Decoder model = SmallModel.Create(ConfigOf(architecture));
        float[] gates = [1, 0.7f, 0.4f, 0.9f];
        Tensor ids_BT = SmallModel.Ids(2, 9);
        var gated = model.Forward(model.Embed(ids_BT), new LayerGate([true, true, true, true], Soft(gates), IsSoft: true));
        using (no_grad())
            foreach (var layer in model.Layers)
                foreach (var parameter in layer.OutputParameters())
                    parameter.Value.mul_(gates[layer.Index]);
        var folded = model.Forward(model.Embed(ids_BT));

        Assert.InRange(SmallModel.Distance(gated, folded), 0, 1e-5 * SmallModel.Values(gated).Max(Math.Abs));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Forward_SoftGatesOfLayersRunAgain_HaveTheSameGradients(string architecture)
    {
        using var scope = NewDisposeScope();
        using Decoder kept = SmallModel.Create(ConfigOf(architecture)), again = SmallModel.Create(ConfigOf(architecture));
        Tensor[] expected = Soft([0.5f, 0.7f, 0.4f, 0.9f]), actual = Soft([0.5f, 0.7f, 0.4f, 0.9f]);
        again.Recomputation = Recomputation.Layer;
        Loss(kept, expected).backward();
        Loss(again, actual).backward();

        Assert.Equal(expected.Select(mask => mask.grad!.item<float>()), actual.Select(mask => mask.grad!.item<float>()));
    }

    [Fact]
    public void ScaledBranch_BFloat16_GradientOfTheScaleIsSummedInFloat32()
    {
        using var scope = NewDisposeScope();
        Tensor scale = tensor(0.5f, requires_grad: true);
        ScaledBranchFunction.apply(ones(4096, dtype: ScalarType.BFloat16), scale).sum().backward();

        Assert.Equal(4096f, scale.grad!.item<float>()); // a bfloat16 sum of ones stops at 256
    }

    private static JsonObject ConfigOf(string architecture)
    {
        JsonObject config = architecture == "llama" ? SmallModel.Llama() : SmallModel.DeepSeek();
        config["model_type"] = architecture;
        if (architecture != "llama")
            ChooseAllExperts(config);
        return config;
    }

    /// <summary>Where the router's choice changes the loss jumps, and has no finite differences.</summary>
    private static void ChooseAllExperts(JsonObject config)
    {
        config["num_experts_per_tok"] = config["n_routed_experts"]!.GetValue<int>();
        config["topk_group"] = config["n_group"]!.GetValue<int>();
    }

    private static Tensor[] Soft(float[] gates) => Array.ConvertAll(gates, gate => tensor(gate, requires_grad: true));

    private static Tensor Loss(Decoder model, Tensor[] masks)
    {
        Tensor ids_BT = SmallModel.Ids(2, 9);
        var gate = new LayerGate([.. masks.Select(mask => mask.item<float>() > 0)], masks, IsSoft: true);
        return GoldenModel.NextTokenLoss(model.Logits(model.Forward(model.Embed(ids_BT), gate)), ids_BT);
    }

    private static void CheckGradient(string name, int[] dropped, string reference)
    {
        using GoldenModel model = GoldenModel.Open(name);
        double[] expected = model.Expected.Doubles(reference), actual = model.MaskGradient(dropped);
        double tolerance = 5e-5 * expected.Max(Math.Abs); // of the vectors' README
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private static LayerGate Gate(Decoder model, int dropped, bool masked)
    {
        bool[] kept = [.. Enumerable.Range(0, model.Config.LayerCount).Select(layer => layer != dropped)];
        return new LayerGate(kept, masked ? Array.ConvertAll(kept, isKept => tensor(isKept ? 1f : 0f, requires_grad: true)) : null);
    }

    private static void Backward(Decoder model, LayerGate gate)
    {
        Tensor ids_BT = SmallModel.Ids(2, 9);
        GoldenModel.NextTokenLoss(model.Logits(model.Forward(model.Embed(ids_BT), gate)), ids_BT).backward();
    }

    private static Tensor Shifted(Tensor value, int index, float by)
    {
        float[] elements = [.. value.detach().data<float>()];
        elements[index] += by;
        return tensor(elements, value.shape);
    }
}
