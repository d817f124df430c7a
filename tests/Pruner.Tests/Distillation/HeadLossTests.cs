using E3Scale.MoE;
using E3Scale.Pruner.Distillation;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Tests.Distillation;

// Shape suffixes in this file: B = sequences, T = positions, N = B*T, H = hidden, K = stored logits per token.

/// <summary>Head and loss in one, a block of positions at a time, against the loss of all logits with autograd's gradients.</summary>
public sealed class HeadLossTests
{
    private const int Stored = 3;

    [Theory]
    [InlineData(DistillationForm.TeacherRenormalised, ScalarType.Float32, false, true)]
    [InlineData(DistillationForm.TeacherRenormalised, ScalarType.Float32, false, false, 170_000)] // a frozen head is read tile by tile
    [InlineData(DistillationForm.Raw, ScalarType.Float32, false, false, 170_000)]
    [InlineData(DistillationForm.Ghost, ScalarType.Float32, false, false, 170_000)]
    [InlineData(DistillationForm.Ghost, ScalarType.BFloat16, false, false, 340_000)]
    [InlineData(DistillationForm.Raw, ScalarType.Float32, false, true)]
    [InlineData(DistillationForm.Ghost, ScalarType.Float32, false, true)]
    [InlineData(DistillationForm.Ghost, ScalarType.Float32, true, true)] // one matrix embeds and is the head
    [InlineData(DistillationForm.Ghost, ScalarType.Float32, false, false)] // adapters: the head is frozen
    [InlineData(DistillationForm.Ghost, ScalarType.BFloat16, false, true)]
    [InlineData(DistillationForm.TopKRenormalised, ScalarType.Float32, false, true)] // takes the few rows of the head instead
    public void Sum_Decoder_EqualsTheLossOfAllLogits(DistillationForm form, ScalarType dtype, bool tied, bool trainsHead, int positions = 11)
    {
        int[] ids_NK = [.. Enumerable.Range(0, 2 * positions * Stored).Select(i => i * 7 % SmallModel.Vocabulary)];
        float[] logits_NK = Numbers(3, ids_NK.Length), weight_N = Numbers(4, 2 * positions);
        weight_N[5] = 0; // left out
        float[] logSumExp_N = [.. logits_NK.Chunk(Stored).Select(values => MathF.Log(values.Sum(MathF.Exp)) + 0.3f)];
        AssertEqual(
            dtype, tied, trainsHead, positions,
            (decoder, hidden_BTH) => DistillationLoss.Sum(decoder, hidden_BTH, ids_NK, logits_NK, logSumExp_N, weight_N, form, scale: 0.25),
            (decoder, hidden_BTH) => DistillationLoss.Sum(decoder.Logits(hidden_BTH).flatten(0, 1), ids_NK, logits_NK, logSumExp_N, weight_N, form) * 0.25);
    }

    [Theory]
    [InlineData(11, true)]
    [InlineData(170_000, true)] // several blocks, the last one not full
    [InlineData(170_000, false)] // a frozen head is read tile by tile
    public void Sum_CrossEntropy_EqualsTheLossOfAllLogits(int positions, bool trainsHead)
    {
        long[] label_N = [.. Enumerable.Range(0, 2 * positions).Select(i => i % 6 == 1 ? TokenCrossEntropy.Ignored : i * 5 % SmallModel.Vocabulary)];
        AssertEqual(
            ScalarType.Float32, tied: false, trainsHead, positions,
            (decoder, hidden_BTH) => TokenCrossEntropy.Sum(decoder, hidden_BTH, label_N, 1.0 / positions),
            (decoder, hidden_BTH) => TokenCrossEntropy.Sum(decoder.Logits(hidden_BTH).flatten(0, 1), label_N) * (1.0 / positions));
    }

    [Fact]
    public void Sum_WithoutGraph_IsTheSameLoss()
    {
        using var scope = NewDisposeScope();
        using Decoder decoder = SmallModel.Create(SmallModel.Llama());
        decoder.TrainEverything();
        var hidden_BTH = SmallModel.Noise(1, 2, 5, 24);
        long[] label_N = [.. Enumerable.Range(0, 10)];
        float expected = TokenCrossEntropy.Sum(decoder, hidden_BTH, label_N, 1).item<float>();
        using var _ = no_grad();
        var loss = TokenCrossEntropy.Sum(decoder, hidden_BTH, label_N, 1);

        Assert.False(loss.requires_grad);
        Assert.Equal(expected, loss.item<float>());
    }

    [Fact]
    public void Sum_LossFurtherScaled_ScalesTheGradients()
    {
        using var scope = NewDisposeScope();
        using Decoder decoder = SmallModel.Create(SmallModel.Llama());
        decoder.TrainEverything();
        long[] label_N = [.. Enumerable.Range(0, 10)];
        Tensor Gradient(double inside, double outside)
        {
            var hidden_BTH = SmallModel.Noise(1, 2, 5, 24).requires_grad_();
            (TokenCrossEntropy.Sum(decoder, hidden_BTH, label_N, inside) * outside).backward();
            return hidden_BTH.grad!;
        }

        Assert.InRange(SmallModel.Distance(Gradient(0.5, 1), Gradient(1, 0.5)), 0, 1e-6);
    }

    [Fact]
    public void Sum_ManySteps_LeavesNoLiveTensors()
    {
        using var scope = NewDisposeScope();
        using Decoder decoder = SmallModel.Create(SmallModel.Llama());
        decoder.TrainEverything();
        var hidden_BTH = SmallModel.Noise(1, 2, 5, 24).requires_grad_();
        long[] label_N = [.. Enumerable.Range(0, 10)];
        long Step()
        {
            using (NewDisposeScope())
                TokenCrossEntropy.Sum(decoder, hidden_BTH, label_N, 1).backward();
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
        Step(); // the first one makes the gradients

        long before = Step();
        for (int i = 0; i < 5; i++)
            Assert.Equal(before, Step());
    }

    private static void AssertEqual(
        ScalarType dtype, bool tied, bool trainsHead, int positions, Func<Decoder, Tensor, Tensor> inBlocks, Func<Decoder, Tensor, Tensor> whole)
    {
        using var scope = NewDisposeScope();
        double tolerance = dtype == ScalarType.BFloat16 ? 0.03 : 2e-5;
        var results = new[] { inBlocks, whole }.Select(loss =>
        {
            Decoder decoder = SmallModel.Create(SmallModel.Llama(tied: tied), dtype: dtype);
            if (trainsHead)
                decoder.TrainEverything();
            var hidden_BTH = SmallModel.Noise(1, 2, positions, 24).to_type(dtype).requires_grad_();
            var sum = loss(decoder, hidden_BTH);
            sum.backward();
            return (Loss: sum.to_type(ScalarType.Float32).item<float>(), hidden_BTH.grad, Head: trainsHead ? decoder.Parameters[tied ? "model.embed_tokens.weight" : "lm_head.weight"].Value.grad : null, Decoder: decoder);
        }).ToArray();
        try
        {
            Assert.Equal(results[1].Loss, results[0].Loss, Math.Abs(results[1].Loss) * tolerance);
            Assert.InRange(SmallModel.Distance(results[1].grad!, results[0].grad!), 0, tolerance);
            if (trainsHead)
                Assert.InRange(SmallModel.Distance(results[1].Head!, results[0].Head!), 0, tolerance);
        }
        finally
        {
            foreach (var result in results)
                result.Decoder.Dispose();
        }
    }

    private static float[] Numbers(int seed, int count) => [.. SmallModel.Values(SmallModel.Noise(seed, count)).Select(value => (float)Math.Abs(value))];
}
