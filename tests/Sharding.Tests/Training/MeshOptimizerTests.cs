using E3Scale.MoE;
using E3Scale.Sharding.RankProgram;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace E3Scale.Sharding.Tests.Training;

public sealed class MeshOptimizerTests
{
    private const double LearningRate = 0.01;

    [Theory]
    [InlineData(0)] // clipping off
    [InlineData(0.5)] // every step is clipped
    [InlineData(1e6)] // none is
    public void Step_FiveSteps_EqualsTheLibrarysAdamWAndClipping(double clipNorm)
    {
        using var scope = NewDisposeScope();
        using var decoder = TrainableLlama();
        var options = new OptimizerOptions { WeightDecay = 0.1, ClipNorm = clipNorm };
        using var optimizer = new MeshOptimizer(decoder, OneRank.Mesh, options);
        var weights = decoder.Parameters.All;
        var copies = weights.Select(p => new Parameter(p.Value.detach().clone())).ToList();
        using var matrices = optim.AdamW(copies.Where(p => p.dim() >= 2), LearningRate, 0.9, 0.95, 1e-8, weight_decay: 0.1);
        using var vectors = optim.AdamW(copies.Where(p => p.dim() < 2), LearningRate, 0.9, 0.95, 1e-8, weight_decay: 0);

        for (int step = 0; step < 5; step++)
        {
            // The gradient does not depend on the weights, so that differences cannot grow.
            for (int i = 0; i < weights.Count; i++)
            {
                var gradient = Gradient(weights[i].Value.shape, step, i);
                (weights[i].Value * gradient).sum().backward();
                copies[i].grad?.zero_();
                (copies[i] * gradient).sum().backward();
            }
            double expectedNorm = nn.utils.clip_grad_norm_(copies, clipNorm > 0 ? clipNorm : double.MaxValue);
            matrices.step();
            vectors.step();

            double norm = optimizer.Step(step, LearningRate).GradientNorm;

            Assert.Equal(expectedNorm, norm, 1e-5 * norm); // the library adds squares in float32
        }
        for (int i = 0; i < weights.Count; i++)
        {
            float[] expected = copies[i].detach().data<float>().ToArray(), actual = weights[i].Value.detach().data<float>().ToArray();
            for (int element = 0; element < expected.Length; element++)
                Assert.Equal(expected[element], actual[element], 1e-6f); // a few float32 roundings of numbers of about 1
        }
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 0)]
    [InlineData(1, double.NaN)] // the loss alone
    [InlineData(1, double.NegativeInfinity)]
    public void Step_GradientOrLossIsNotFinite_ChangesNothing(float factor, double loss)
    {
        using var scope = NewDisposeScope();
        using var decoder = TrainableLlama();
        using var optimizer = new MeshOptimizer(decoder, OneRank.Mesh, new OptimizerOptions());
        Backward(decoder, 1);
        optimizer.Step(0, LearningRate);
        float[] before = StateOf(optimizer);
        float[] weights = decoder.Parameters.All[0].Value.detach().data<float>().ToArray();
        Backward(decoder, factor);

        var step = optimizer.Step(1, LearningRate, loss);

        Assert.False(step.Applied);
        Assert.Equal(before, StateOf(optimizer));
        Assert.Equal(weights, decoder.Parameters.All[0].Value.detach().data<float>().ToArray());
        Assert.Equal(1, optimizer.StepCount);
        Assert.Equal(1, optimizer.Skipped.Total);
        // Nothing of the bad gradient is left behind.
        Backward(decoder, 1);
        Assert.True(optimizer.Step(2, LearningRate).Applied);
        Assert.Equal(0, optimizer.Skipped.InARow);
    }

    [Fact]
    public void Step_MoreInARowThanAllowedAreNotFinite_ThrowsAndSaysSinceWhen()
    {
        using var scope = NewDisposeScope();
        using var decoder = TrainableLlama();
        using var optimizer = new MeshOptimizer(decoder, OneRank.Mesh, new OptimizerOptions { MaxSkippedSteps = 2 });
        float[] before = StateOf(optimizer);
        optimizer.Step(3, LearningRate, double.NaN);
        optimizer.Step(4, LearningRate);
        optimizer.Step(5, LearningRate, double.NaN);
        optimizer.Step(6, LearningRate, isFinite: false);

        var error = Assert.Throws<DivergedException>(() => optimizer.Step(7, LearningRate, double.NaN));

        Assert.Contains("step 7: loss or gradient has not been finite since step 5, 3 steps in a row", error.Message, StringComparison.Ordinal);
        Assert.Contains("train.max_skipped_steps allows 2", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, optimizer.Skipped.Total);
        Assert.Equal(before, StateOf(optimizer)[..before.Length]);
    }

    private static void Backward(Decoder decoder, float factor)
    {
        foreach (var parameter in decoder.Parameters.All)
            (parameter.Value * factor).sum().backward();
    }

    private static float[] StateOf(MeshOptimizer optimizer)
    {
        var region = optimizer.State.Regions[0];
        return
        [
            .. region.HeldPieces.SelectMany(piece => region.Master(piece).ToArray()),
            .. new[] { region.FirstMoment, region.SecondMoment }.SelectMany(buffer => buffer.Span(0, (int)buffer.Length).ToArray()),
        ];
    }

    private static Decoder TrainableLlama()
    {
        var decoder = TinyModel.TiedLlama.CreateDecoder();
        decoder.TrainEverything();
        return decoder;
    }

    private static Tensor Gradient(long[] shape, int step, int parameter)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        return tensor([.. Enumerable.Range(0, (int)count).Select(i => (float)Math.Cos(0.37 * i + step + parameter))], shape, dtype: ScalarType.Float32);
    }
}
