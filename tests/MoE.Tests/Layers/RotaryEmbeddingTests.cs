using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: B = batch, N = heads, T = positions, D = rotated dims.

public sealed class RotaryEmbeddingTests
{
    private static readonly RopeConfig s_deepSeekR1 = new(10_000, 64, Interleaved: true, new YarnConfig(40, 4096, 32, 1, 1, 1));

    [Fact]
    public void Frequencies_DeepSeekR1_AreThoseOfItsPaper()
    {
        // METHODS 16.1: corrections 10.47 and 22.51, so that the ramp goes from pair 10 to pair 23.
        double[] frequencies = RotaryEmbedding.Frequencies(s_deepSeekR1);

        Assert.Equal(32, frequencies.Length);
        for (int pair = 0; pair < 32; pair++)
        {
            double plain = Math.Pow(10_000, -pair / 32.0), ramp = Math.Clamp((pair - 10) / 13.0, 0, 1);
            Assert.Equal(plain * (1 - ramp + ramp / 40), frequencies[pair], 1e-15);
        }
        Assert.Equal(Math.Pow(10_000, -10 / 32.0), frequencies[10], 1e-15);
        Assert.Equal(Math.Pow(10_000, -23 / 32.0) / 40, frequencies[23], 1e-15);
    }

    [Fact]
    public void Frequencies_Llama31_StretchLongWavesOnly()
    {
        // LLaMA 3.1: theta 500000, factor 8, original context 8192, low 1, high 4. The rule as it is published, in wave lengths.
        RopeConfig plain = new(500_000, 128, Interleaved: false);
        double[] before = RotaryEmbedding.Frequencies(plain);
        double[] after = RotaryEmbedding.Frequencies(plain with { Llama3 = new Llama3RopeConfig(8, 8192, 1, 4) });

        int kept = 0, between = 0, stretched = 0;
        for (int pair = 0; pair < 64; pair++)
        {
            double length = 2 * Math.PI / before[pair];
            double smooth = (8192 / length - 1) / (4 - 1);
            (double expected, kept, stretched, between) = length switch
            {
                < 8192 / 4.0 => (before[pair], kept + 1, stretched, between),
                > 8192 => (before[pair] / 8, kept, stretched + 1, between),
                _ => ((1 - smooth) * before[pair] / 8 + smooth * before[pair], kept, stretched, between + 1),
            };
            Assert.Equal(expected, after[pair], 1e-15);
        }
        Assert.True(kept > 0 && between > 0 && stretched > 0);
    }

    [Fact]
    public void SoftmaxScaleFactor_DeepSeekR1_GivesThePublishedScale()
    {
        Assert.Equal(0.1352338, RotaryEmbedding.SoftmaxScaleFactor(s_deepSeekR1) / Math.Sqrt(192), 1e-7);
        Assert.Equal(1, RotaryEmbedding.SoftmaxScaleFactor(s_deepSeekR1 with { Yarn = null }));
        Assert.Equal(1, RotaryEmbedding.SoftmaxScaleFactor(s_deepSeekR1 with { Yarn = s_deepSeekR1.Yarn! with { MScaleAllDim = 0 } }));
    }

    [Fact]
    public void Rotate_OneMagnitudeOnly_MultipliesByIt()
    {
        // mscale_all_dim 0 switches the second magnitude off: cosine and sine then carry 0.1 ln 40 + 1.
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(s_deepSeekR1 with { Yarn = s_deepSeekR1.Yarn! with { MScaleAllDim = 0 } });
        double[] rotated = SmallModel.Values(rope.Rotate(ones(1, 1, 3, 64)));

        Assert.Equal(64 * Math.Pow(1.368888, 2), rotated.Skip(128).Sum(x => x * x), 1e-3); // the factor has six decimals
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rotate_AnyLayout_LeavesScoresToTheDistanceAlone(bool interleaved)
    {
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(new RopeConfig(10_000, 8, interleaved));
        // The same query and key at every position.
        var query_TD = rope.Rotate(SmallModel.Noise(1, 1, 1, 1, 8).expand(1, 1, 12, 8)).reshape(12, 8);
        var key_TD = rope.Rotate(SmallModel.Noise(2, 1, 1, 1, 8).expand(1, 1, 12, 8)).reshape(12, 8);
        double[] scores_TT = SmallModel.Values(query_TD.matmul(key_TD.transpose(0, 1)));

        for (int i = 1; i < 12; i++)
            for (int j = 1; j < 12; j++)
                Assert.Equal(scores_TT[(i - 1) * 12 + j - 1], scores_TT[i * 12 + j], 1e-5); // float32 angles
        Assert.NotEqual(scores_TT[0], scores_TT[1], 1e-3);
    }

    [Fact]
    public void Rotate_InterleavedPairs_AreThoseOfNeighbouringDims()
    {
        using var scope = NewDisposeScope();
        RopeConfig config = new(10_000, 4, Interleaved: true);
        using RotaryEmbedding interleaved = new(config), halves = new(config with { Interleaved = false });
        var x_BNTD = SmallModel.Noise(3, 1, 2, 5, 4);
        // Interleaved dims (0 1)(2 3) are the half layout of dims 0 2 1 3.
        var reordered_BNTD = x_BNTD.index_select(3, tensor([0L, 2, 1, 3]));

        Assert.Equal(SmallModel.Values(halves.Rotate(reordered_BNTD)), SmallModel.Values(interleaved.Rotate(x_BNTD)));
    }

    [Theory]
    [InlineData(true, 8)]
    [InlineData(false, 8)]
    [InlineData(true, 22)] // a remainder of the lanes
    [InlineData(false, 22)]
    public void Rotate_Kernel_EqualsTheComposedOperations(bool interleaved, int width)
    {
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(new RopeConfig(10_000, width, interleaved));
        var slope = SmallModel.Noise(2, 2, 3, 37, width);
        Tensor[] x_BTND = [.. Enumerable.Range(0, 2).Select(_ => SmallModel.Noise(1, 2, 37, 3, width).requires_grad_())];

        var kernel = rope.Rotate(x_BTND[0].transpose(1, 2));
        (kernel * slope).sum().backward();
        var composed = rope.Compose(x_BTND[1].transpose(1, 2));
        (composed * slope).sum().backward();

        Assert.InRange(SmallModel.Distance(composed, kernel), 0, 1e-6);
        Assert.InRange(SmallModel.Distance(x_BTND[1].grad!, x_BTND[0].grad!), 0, 1e-6);
    }

    [Fact]
    public void Rotate_BFloat16_IsTheRoundedFloat32()
    {
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(new RopeConfig(10_000, 16, Interleaved: true));
        var x_BNTD = SmallModel.Noise(1, 1, 2, 50, 16).to_type(ScalarType.BFloat16);
        var exact = rope.Compose(x_BNTD.to_type(ScalarType.Float32));

        Assert.InRange(SmallModel.Distance(exact, rope.Rotate(x_BNTD)), 0, 0.01); // half a step of bfloat16 at 2.5
        Assert.Equal(ScalarType.BFloat16, rope.Rotate(x_BNTD).dtype);
    }

    [Fact]
    public void Rotate_Empty_IsEmpty()
    {
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(new RopeConfig(10_000, 16, Interleaved: false));

        Assert.Equal([0, 2, 5, 16], rope.Rotate(zeros(0, 2, 5, 16)).shape);
    }

    [Fact]
    public void Rotate_NotANumber_StaysInItsPair()
    {
        using var scope = NewDisposeScope();
        using RotaryEmbedding rope = new(new RopeConfig(10_000, 16, Interleaved: false));
        var x_BNTD = SmallModel.Noise(1, 1, 2, 5, 16);
        x_BNTD[0, 1, 3, 2] = float.NaN;

        double[] values = SmallModel.Values(rope.Rotate(x_BNTD)), composed = SmallModel.Values(rope.Compose(x_BNTD));

        Assert.Equal(2, values.Count(double.IsNaN));
        Assert.Equal(composed, values, (a, b) => Math.Abs(a - b) < 1e-6 || a.Equals(b));
    }
}
