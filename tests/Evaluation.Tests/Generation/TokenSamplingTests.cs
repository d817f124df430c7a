using E3Scale.Evaluation.Generation;

namespace E3Scale.Evaluation.Tests.Generation;

public sealed class TokenSamplingTests
{
    private static readonly float[] Logits = [1.2f, -0.4f, 0.3f, 2.0f, float.NegativeInfinity, 0.3f, -1.5f];

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.6)]
    [InlineData(2.5)]
    public void Draw_ManyStreams_FollowTheSoftmax(double temperature)
    {
        double[] expected = Softmax(temperature);
        // Six degrees of freedom less the impossible token: 5, of whose chi-square 20.5 is passed with a chance of 1 in 1000.
        Assert.InRange(ChiSquare(expected, Counts(new TokenSampling { Temperature = temperature, TopP = 1 }, 20_000)), 0, 20.5);
    }

    [Fact]
    public void Draw_ManyPositionsOfAStream_FollowTheSoftmaxToo()
    {
        var sampling = new TokenSampling { Temperature = 1, TopP = 1, Seed = 5 };
        var counts = new int[Logits.Length];
        for (int position = 0; position < 20_000; position++)
            counts[sampling.Draw(Logits, stream: 3, position)]++;
        Assert.InRange(ChiSquare(Softmax(1), counts), 0, 20.5);
    }

    [Fact]
    public void Draw_Nucleus_HoldsTheFewestTokensWithTheMass()
    {
        // Softmax: 0.257 0.052 0.104 0.571 0 0.104 0.017 over their sum; 3 and 0 hold 0.749, of the equals 2 and 5 the lower id comes first.
        double[] all = Softmax(1);
        double[] expected = [all[0], 0, all[2], all[3], 0, 0, 0];
        Assert.InRange(all[0] + all[3], 0.6, 0.79);
        Assert.InRange(all[0] + all[2] + all[3], 0.8, 1);

        int[] counts = Counts(new TokenSampling { Temperature = 1, TopP = 0.8 }, 20_000);

        // Two degrees of freedom, 1 in 1000.
        Assert.InRange(ChiSquare([.. expected.Select(p => p / expected.Sum())], counts), 0, 13.8);
    }

    [Fact]
    public void Draw_SmallNucleus_IsGreedy() =>
        Assert.All(Enumerable.Range(0, 200), stream => Assert.Equal(3, new TokenSampling { Temperature = 1, TopP = 1e-6 }.Draw(Logits, (ulong)stream, 0)));

    [Fact]
    public void Draw_LowTemperature_IsGreedy() =>
        Assert.All(Enumerable.Range(0, 200), stream => Assert.Equal(3, new TokenSampling { Temperature = 1e-3, TopP = 1 }.Draw(Logits, (ulong)stream, 0)));

    [Fact]
    public void Draw_SeedStreamAndPosition_EachMatter()
    {
        var flat = new float[1000];
        var sampling = new TokenSampling();
        int first = sampling.Draw(flat, 1, 0);
        Assert.Equal(first, sampling.Draw(flat, 1, 0));
        Assert.NotEqual(first, sampling.Draw(flat, 2, 0));
        Assert.NotEqual(first, sampling.Draw(flat, 1, 1));
        Assert.NotEqual(first, (sampling with { Seed = 2 }).Draw(flat, 1, 0));
    }

    private static int[] Counts(TokenSampling sampling, int draws)
    {
        var counts = new int[Logits.Length];
        for (int stream = 0; stream < draws; stream++)
            counts[sampling.Draw(Logits, (ulong)stream, 0)]++;
        return counts;
    }

    private static double[] Softmax(double temperature)
    {
        double[] mass = [.. Logits.Select(logit => Math.Exp(logit / temperature))];
        return [.. mass.Select(value => value / mass.Sum())];
    }

    /// <summary>Pearson's statistic; impossible tokens must not have been drawn.</summary>
    private static double ChiSquare(double[] expected, int[] counts)
    {
        double draws = counts.Sum();
        return expected.Zip(counts, (p, count) =>
        {
            Assert.True(p > 0 || count == 0);
            return p > 0 ? (count - draws * p) * (count - draws * p) / (draws * p) : 0;
        }).Sum();
    }
}
