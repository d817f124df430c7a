using E3Scale.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests.Kernels;

public sealed class FlatAdamWTests
{
    private const int Length = 37; // two vectors and a remainder

    [Fact]
    public void Update_ThreeSteps_FollowsTheFormulaInFloat64()
    {
        float[] parameters = Values(1.1), first = new float[Length], second = new float[Length];
        double[] p = Array.ConvertAll(parameters, value => (double)value), m = new double[Length], v = new double[Length];
        for (int t = 1; t <= 3; t++)
        {
            float[] gradients = Values(0.3 * t);
            AdamWStep step = new() { Step = t, LearningRate = 0.01, Beta2 = 0.95, WeightDecay = 0.1, GradientScale = 0.5 };
            FlatAdamW.Update(parameters, gradients, first, second, step);
            for (int i = 0; i < Length; i++)
            {
                double g = 0.5 * gradients[i];
                p[i] -= 0.01 * 0.1 * p[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.95 * v[i] + 0.05 * g * g;
                p[i] -= 0.01 / (1 - Math.Pow(0.9, t)) * m[i] / (Math.Sqrt(v[i]) / Math.Sqrt(1 - Math.Pow(0.95, t)) + 1e-8);
            }
        }
        for (int i = 0; i < Length; i++)
        {
            Assert.Equal(p[i], parameters[i], 1e-6);
            Assert.Equal(m[i], first[i], 1e-6);
            Assert.Equal(v[i], second[i], 1e-6);
        }
    }

    [Fact]
    public void Update_FiveSteps_EqualsTheOptimizerOfTheLibrary()
    {
        using var scope = NewDisposeScope();
        using var parameter = new Parameter(tensor(Values(1.1)));
        using var optimizer = optim.AdamW([parameter], lr: 0.03, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1);
        float[] parameters = Values(1.1), first = new float[Length], second = new float[Length];
        for (int t = 1; t <= 5; t++)
        {
            float[] gradients = Values(0.3 * t);
            optimizer.zero_grad();
            (parameter * tensor(gradients)).sum().backward();
            optimizer.step();
            FlatAdamW.Update(parameters, gradients, first, second,
                new AdamWStep { Step = t, LearningRate = 0.03, Beta2 = 0.95, WeightDecay = 0.1 });
        }
        float[] expected = parameter.detach().data<float>().ToArray();
        for (int i = 0; i < Length; i++)
            Assert.Equal(expected[i], parameters[i], 1e-6f); // a few float32 roundings of numbers around 1
    }

    [Theory]
    [InlineData(4096 * 40)] // blocks for every thread
    [InlineData(4096 * 33 + 21)]
    [InlineData(0)]
    public void Update_OnManyThreads_GivesTheSameBitsAndRoundsThem(int length)
    {
        int before = get_num_threads();
        try
        {
            var results = new List<(float[] Parameters, float[] First, float[] Second, ushort[] Copy)>();
            foreach (int threads in new[] { 1, 3 })
            {
                set_num_threads(threads);
                float[] parameters = [.. Enumerable.Range(0, length).Select(i => MathF.Sin(i))], gradients = [.. Enumerable.Range(0, length).Select(i => MathF.Cos(3 * i))];
                float[] first = new float[length], second = new float[length];
                ushort[] copy = new ushort[length];
                FlatAdamW.Update(parameters, gradients, first, second, new AdamWStep { LearningRate = 0.01 }, copy);
                Assert.Equal(parameters.Select(BFloat16Rows.Round), copy);
                results.Add((parameters, first, second, copy));
            }
            Assert.Equal(results[0].Parameters, results[1].Parameters);
            Assert.Equal(results[0].First, results[1].First);
            Assert.Equal(results[0].Second, results[1].Second);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Update_BufferSplitAnywhere_GivesTheSameBits()
    {
        float[] whole = Values(1.1), split = Values(1.1), gradients = Values(0.4);
        float[] wholeFirst = new float[Length], wholeSecond = new float[Length], first = new float[Length], second = new float[Length];
        AdamWStep step = new() { LearningRate = 0.02 };
        FlatAdamW.Update(whole, gradients, wholeFirst, wholeSecond, step);
        foreach (Range range in new[] { 0..5, 5..25, 25..Length })
            FlatAdamW.Update(split.AsSpan(range), gradients.AsSpan(range), first.AsSpan(range), second.AsSpan(range), step);

        Assert.Equal(whole, split);
        Assert.Equal(wholeSecond, second);
    }

    [Fact]
    public void Update_BFloat16Copy_IsTheRoundedMaster()
    {
        float[] parameters = Values(1.1), moments = new float[Length];
        ushort[] copy = new ushort[Length];
        FlatAdamW.Update(parameters, Values(0.4), moments, new float[Length], new AdamWStep(), copy);

        Assert.Equal(parameters.Select(BFloat16Rows.Round), copy);
    }

    [Fact]
    public void Update_LengthsDiffer_Throws() =>
        Assert.Throws<ArgumentException>(() => FlatAdamW.Update(new float[2], new float[2], new float[2], new float[1], new AdamWStep()));

    private static float[] Values(double frequency) =>
        [.. Enumerable.Range(0, Length).Select(i => (float)Math.Cos(frequency * i + 0.2))];
}
