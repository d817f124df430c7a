using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

/// <summary>
/// The golden models in bfloat16 against the float32 values of their references. The bounds are those of docs/models.md, in units of bfloat16's
/// relative spacing, 2^-8.
/// </summary>
public sealed class BFloat16Tests
{
    private const double Spacing = 1.0 / 256;

    // Twice what was measured, as another processor rounds in another order.
    private const double DenseLogits = 15, DenseLoss = 8, MixtureLogits = 64, MixtureLoss = 32;

    public static TheoryData<string> Models => GoldenModels.All;

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Logits_BFloat16_StayWithinTheStatedBound(string name)
    {
        using var model = GoldenModel.Open(name, ScalarType.BFloat16);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var logits_BTV = model.Decoder.Logits(model.Decoder.Forward(model.Decoder.Embed(model.Ids_BT))).to_type(ScalarType.Float32);

        double[] actual = SmallModel.Values(logits_BTV), expected = model.Expected.Doubles("logits");
        // By the mean: a token whose expert choice flips in bfloat16 is far off, in the reference's own bfloat16 too.
        double error = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Average() / expected.Average(Math.Abs);
        double lossError = Math.Abs(GoldenModel.NextTokenLoss(logits_BTV, model.Ids_BT).item<float>() - model.Expected.Scalar("loss"));

        bool isMixture = model.Decoder.Config.Moe is not null;
        Assert.InRange(error / Spacing, 0, isMixture ? MixtureLogits : DenseLogits);
        Assert.InRange(lossError / Spacing, 0, isMixture ? MixtureLoss : DenseLoss);
    }
}
