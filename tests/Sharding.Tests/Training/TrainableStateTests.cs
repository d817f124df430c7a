using E3Scale.MoE;
using E3Scale.Sharding.RankProgram;
using static TorchSharp.torch;

namespace E3Scale.Sharding.Tests.Training;

public sealed class TrainableStateTests
{
    [Fact]
    public void Constructor_WholeModel_LaysEveryParameterOutOnce()
    {
        using var decoder = Trainable(TinyModel.DeepSeek);
        using var state = State(decoder);

        Assert.Equal([RegionKind.Dense, RegionKind.Expert], state.Regions.Select(region => region.Kind));
        var laidOut = state.Regions.SelectMany(region => region.Slices).Select(slice => slice.Parameter.Name).ToList();
        Assert.Equal(decoder.Parameters.Trainable.Select(p => p.Name).Order(), laidOut.Order());
        foreach (var region in state.Regions)
        {
            long next = 0;
            foreach (var (parameter, offset, count) in region.Slices)
            {
                Assert.Equal(next, offset);
                Assert.Equal(region.Kind == RegionKind.Expert, parameter.Placement == ParameterPlacement.Expert);
                Assert.Equal(Elements(parameter.Value), region.Master(new StatePiece(parameter, 0, count, offset, offset)).ToArray());
                next += count;
            }
        }
        // Router biases move by another rule; no gradient reaches them.
        Assert.DoesNotContain(decoder.Layers[1].CorrectionBias!.Name, laidOut);
    }

    [Fact]
    public void Constructor_Order_FollowsTheBackwardPass()
    {
        using var decoder = Trainable(TinyModel.DeepSeek);
        using var state = State(decoder);

        var dense = state.Regions[0];
        Assert.Equal([5, 4, 3, 2, 1, 0], state.LayersInReverse);
        Assert.Equal("model.embed_tokens.weight", dense.Slices[^1].Parameter.Name);
        int[] layers = [.. dense.Slices.Select(slice => slice.Parameter.Layer).Where(layer => layer >= 0)];
        Assert.Equal(layers.OrderDescending(), layers);
        // The head is complete with the last layer, so it lies before the layer above.
        Assert.True(dense.Slices.ToList().FindIndex(s => s.Parameter.Name == "lm_head.weight") < dense.Slices.ToList().FindIndex(s => s.Parameter.Layer == 4));
    }

    [Theory]
    [InlineData(1e-6)] // less than an element
    [InlineData(0.001)]
    [InlineData(0.01)]
    [InlineData(100)] // everything
    public void Buckets_AnySize_CoverEveryElementOnceAndWaitForTheirLastLayer(double mebibytes)
    {
        using var decoder = Trainable(TinyModel.TiedLlama);
        using var state = State(decoder, new OptimizerOptions { BucketMebibytes = mebibytes });

        var region = Assert.Single(state.Regions);
        var pieces = region.Buckets.SelectMany(bucket => bucket.All).ToList();
        long next = 0;
        foreach (var piece in pieces)
        {
            Assert.Equal(next, piece.FlatOffset);
            next += piece.Count;
        }
        Assert.Equal(region.ElementCount, next);
        Assert.Equal(region.Buckets.Sum(bucket => (long)bucket.Count), region.Gradient.Length);
        int most = (int)Math.Max(1, mebibytes * (1 << 20) / 4);
        Assert.All(region.Buckets, bucket => Assert.True(bucket.Count <= most));
        foreach (var bucket in region.Buckets)
        {
            int lowest = bucket.All.Min(piece => piece.Parameter == decoder.Embedding ? -1 : piece.Parameter.Layer < 0 ? 2 : piece.Parameter.Layer);
            Assert.Equal(lowest < 0 ? state.LastPosition : 2 - lowest, bucket.ReadyAfter);
        }
    }

    [Fact]
    public void Gradient_BackwardPasses_AddIntoTheFlatBuffer()
    {
        using var scope = NewDisposeScope();
        using var decoder = Trainable(TinyModel.TiedLlama);
        using var state = State(decoder);
        var region = state.Regions[0];
        var untouched = region.Slices[2];
        for (int pass = 0; pass < 2; pass++)
            for (int i = 0; i < region.Slices.Count; i++)
                if (region.Slices[i] != untouched)
                    (region.Slices[i].Parameter.Value * (i + 1)).sum().backward();

        for (int i = 0; i < region.Slices.Count; i++)
        {
            float expected = region.Slices[i] == untouched ? 0 : 2 * (i + 1);
            Assert.All(region.Gradient.Span(region.Slices[i].Offset, region.Slices[i].Count).ToArray(), value => Assert.Equal(expected, value));
        }
    }

    // bfloat16 has 8 significant bits: 256 + 1 is 256 there.
    [Fact]
    public void Gradient_OfBFloat16Model_AddsUpInFloat32()
    {
        using var scope = NewDisposeScope();
        using var decoder = Trainable(TinyModel.TiedLlama, ScalarType.BFloat16);
        using var state = State(decoder);
        var slice = state.Regions[0].Slices[0];
        (slice.Parameter.Value * 256).sum().backward();
        (slice.Parameter.Value * 1).sum().backward();

        Assert.All(state.Regions[0].Gradient.Span(slice.Offset, slice.Count).ToArray(), value => Assert.Equal(257f, value));
    }

    [Fact]
    public void Dispose_GivesTheGradientsBack()
    {
        using var decoder = Trainable(TinyModel.TiedLlama);
        State(decoder).Dispose();
        Assert.All(decoder.Parameters.All, parameter => Assert.Null(parameter.Value.grad));
    }

    [Theory]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.BFloat16, false)]
    public void Master_OfAFloat32Model_IsTheModelsOwn(ScalarType dtype, bool isTheModel)
    {
        using var decoder = Trainable(TinyModel.TiedLlama, dtype);
        using var state = State(decoder);
        var region = state.Regions[0];
        var piece = region.HeldPieces.First(piece => piece.Count > 1);

        float before = Elements(piece.Parameter.Value)[piece.Start + 1];
        region.Master(piece)[1] = before + 1;

        Assert.Equal(isTheModel, region.IsMasterTheModel);
        Assert.Equal(isTheModel ? before + 1 : before, Elements(piece.Parameter.Value)[piece.Start + 1]);
    }

    [Fact]
    public void Publish_BFloat16Model_RoundsTheMasterAndKeepsItsDigits()
    {
        using var decoder = Trainable(TinyModel.TiedLlama, ScalarType.BFloat16);
        using var state = State(decoder);
        var (parameter, offset, count) = state.Regions[0].Slices[0];
        var piece = new StatePiece(parameter, 0, count, offset, offset);
        float[] rounded = Elements(parameter.Value);
        // A step of 2^-12 is lost on the model's copy each time, and adds up in the master.
        const int Updates = 64;
        for (int update = 0; update < Updates; update++)
        {
            var master = state.Regions[0].Master(piece);
            for (int i = 0; i < count; i++)
                master[i] += rounded[i] / 4096;
            WeightPublisher.Publish(state);
            if (update == 0)
                Assert.Equal(rounded, Elements(parameter.Value));
        }
        float[] moved = Elements(parameter.Value);
        for (int i = 0; i < count; i++)
        {
            double expected = rounded[i] * (1 + Updates / 4096.0);
            // 64 additions in float32, half a unit in the 24th bit each; then one rounding to 8 bits.
            Assert.Equal(expected, state.Regions[0].Master(piece)[i], Math.Abs(expected) * Updates * Math.Pow(2, -24));
            Assert.Equal(expected, moved[i], Math.Abs(expected) * Math.Pow(2, -8));
        }
    }

    private static TrainableState State(Decoder decoder, OptimizerOptions? options = null) => new(decoder, OneRank.Mesh, options ?? new OptimizerOptions());

    private static Decoder Trainable(TinyModel model, ScalarType dtype = ScalarType.Float32)
    {
        var decoder = model.CreateDecoder(dtype);
        decoder.TrainEverything();
        return decoder;
    }

    private static float[] Elements(Tensor value)
    {
        using var scope = NewDisposeScope();
        return value.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
    }
}
