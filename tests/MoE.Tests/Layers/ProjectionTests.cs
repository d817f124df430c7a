using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: N = rows, O = outputs, I = inputs, R = rank of the adapter.

public sealed class ProjectionTests : IDisposable
{
    private const int Outputs = 5, Inputs = 7, Rank = 3;
    private const double Alpha = 12;

    private readonly ParameterSet _parameters = new();
    private readonly Projection _projection;
    private readonly Tensor _x_NI;

    public ProjectionTests()
    {
        _projection = new Projection(_parameters.Add("w.weight", SmallModel.Noise(1, Outputs, Inputs), ParameterPlacement.Dense, 2), null, _parameters, ScalarType.Float32);
        _x_NI = SmallModel.Noise(2, 4, Inputs);
    }

    [Fact]
    public void AddAdapter_BeforeTraining_LeavesTheMapAsItWas()
    {
        using var scope = NewDisposeScope();
        double[] before = SmallModel.Values(_projection.Forward(_x_NI));
        AddAdapter();

        Assert.Equal(before, SmallModel.Values(_projection.Forward(_x_NI)));
        using Tensor merged = _projection.MergedWeight();
        Assert.Equal(SmallModel.Values(_projection.Weight.Value), SmallModel.Values(merged));
    }

    [Fact]
    public void AddAdapter_Initially_DrawsAWithinOneOverRootInputsAndZeroesB()
    {
        AddAdapter();

        double[] a_RI = SmallModel.Values(A.Value);
        Assert.Equal([Rank, Inputs], A.Value.shape);
        Assert.Equal([Outputs, Rank], B.Value.shape);
        Assert.All(a_RI.Select((value, i) => (value, i)), a => Assert.Equal(Draw(a.i) / Math.Sqrt(Inputs), a.value, 1e-7));
        Assert.All(SmallModel.Values(B.Value), value => Assert.Equal(0, value));
        Assert.Equal(2, A.Layer);
        Assert.Equal(ParameterPlacement.Dense, B.Placement);
        Assert.True(Projection.IsAdapter(A.Name) && Projection.IsAdapter(B.Name) && !Projection.IsAdapter("w.weight"));
    }

    [Fact]
    public void MergedWeight_TrainedAdapter_IsWPlusScaledBA()
    {
        using var scope = NewDisposeScope();
        AddAdapter();
        Train();
        double[] w_OI = SmallModel.Values(_projection.Weight.Value), a_RI = SmallModel.Values(A.Value), b_OR = SmallModel.Values(B.Value);
        using Tensor merged_OI = _projection.MergedWeight();

        double[] merged = SmallModel.Values(merged_OI);
        for (int o = 0; o < Outputs; o++)
            for (int i = 0; i < Inputs; i++)
            {
                double update = Enumerable.Range(0, Rank).Sum(r => b_OR[o * Rank + r] * a_RI[r * Inputs + i]);
                Assert.Equal(w_OI[o * Inputs + i] + Alpha / Rank * update, merged[o * Inputs + i], 1e-5); // float32
            }
        Assert.InRange(SmallModel.Distance(_projection.Forward(_x_NI), nn.functional.linear(_x_NI, merged_OI)), 0, 1e-4);
    }

    [Fact]
    public void Forward_WithAdapter_GivesGradientsToTheAdapterOnly()
    {
        using var scope = NewDisposeScope();
        AddAdapter();
        _projection.Forward(_x_NI).sum().backward();

        Assert.Null(_projection.Weight.Value.grad);
        Assert.All(SmallModel.Values(A.Value.grad!), value => Assert.Equal(0, value)); // because B is still 0
        // dB = alpha / r (sum of dy) (A x)^T, with dy = 1 everywhere.
        double[] expected_R = SmallModel.Values(nn.functional.linear(_x_NI, A.Value).sum([0L]) * (Alpha / Rank));
        double[] byB_OR = SmallModel.Values(B.Value.grad!);
        for (int o = 0; o < Outputs; o++)
            for (int r = 0; r < Rank; r++)
                Assert.Equal(expected_R[r], byB_OR[o * Rank + r], 1e-4);
    }

    // Against float64 and libtorch's own graph; sums and queues must not change what comes out.
    [Theory]
    [InlineData(false, ScalarType.Float32, false, false)]
    [InlineData(false, ScalarType.Float32, true, true)]
    [InlineData(true, ScalarType.Float32, false, false)]
    [InlineData(true, ScalarType.Float32, true, true)]
    [InlineData(false, ScalarType.BFloat16, true, false)]
    [InlineData(true, ScalarType.BFloat16, true, false)]
    [InlineData(true, ScalarType.BFloat16, true, true)]
    public void Forward_AndBackward_AreThoseOfComposedOperationsInFloat64(bool adapted, ScalarType type, bool summed, bool deferred)
    {
        using var scope = NewDisposeScope();
        using ParameterSet parameters = new();
        Tensor Noise(int seed, params long[] shape) => SmallModel.Noise(seed, shape).to_type(type);
        Projection projection = new(
            parameters.Add("w.weight", Noise(5, Outputs, Inputs), ParameterPlacement.Dense, 0), parameters.Add("w.bias", Noise(6, Outputs), ParameterPlacement.Dense, 0),
            parameters, type);
        projection.Weight.Trainable = projection.Bias!.Trainable = true;
        if (adapted)
        {
            projection.AddAdapter(new LoraOptions { Rank = Rank, Alpha = Alpha }, (_, draws) => draws.Span.Fill(.5f));
            parameters["w.weight.lora_B"].Value.detach().copy_(Noise(7, Outputs, Rank));
        }
        ModelParameter[] trained = [.. parameters.Trainable];
        Tensor x_BTI = Noise(8, 3, 11, Inputs).requires_grad_(), dy_BTO = Noise(9, 3, 11, Outputs);
        Tensor[] sums = [.. trained.Select(parameter => full(parameter.Value.shape, float.NaN))];
        if (summed)
            foreach (var (parameter, sum) in trained.Zip(sums))
                parameter.GradientSum = new E3Scale.Kernels.GradientSum(parameter.Value, sum);
        using var queue = deferred ? new DeferredWeightGradients() : null;
        parameters.WeightGradients = queue;

        Tensor y_BTO = projection.Forward(x_BTI);
        y_BTO.backward([dy_BTO]);
        queue?.Run();

        Tensor Exact(Tensor value) => value.detach().to_type(ScalarType.Float64).requires_grad_();
        Tensor exactX_BTI = Exact(x_BTI), w_OI = Exact(projection.Weight.Value), b_O = Exact(projection.Bias.Value);
        Tensor exact_BTO = nn.functional.linear(exactX_BTI, w_OI, b_O);
        Dictionary<string, Tensor> leaves = new() { ["w.weight"] = w_OI, ["w.bias"] = b_O };
        if (adapted)
        {
            Tensor a_RI = leaves["w.weight.lora_A"] = Exact(parameters["w.weight.lora_A"].Value), b_OR = leaves["w.weight.lora_B"] = Exact(parameters["w.weight.lora_B"].Value);
            exact_BTO = exact_BTO + exactX_BTI.matmul(a_RI.t()).matmul(b_OR.t()) * (Alpha / Rank);
        }
        exact_BTO.backward([dy_BTO.to_type(ScalarType.Float64)]);

        double tolerance = type == ScalarType.Float32 ? 1e-6 : 1.0 / 64; // of the largest number; bfloat16 has 8 bits, and some numbers are rounded twice
        void AssertClose(Tensor expected, Tensor actual) =>
            Assert.InRange(SmallModel.Distance(expected, actual.to_type(ScalarType.Float64)), 0, tolerance * SmallModel.Values(expected).Max(Math.Abs));
        AssertClose(exact_BTO.detach(), y_BTO.detach());
        AssertClose(exactX_BTI.grad!, x_BTI.grad!);
        Assert.Equal(adapted ? 3 : 2, trained.Length);
        foreach (var (parameter, sum) in trained.Zip(sums))
        {
            AssertClose(leaves[parameter.Name].grad!, summed ? sum : parameter.Value.grad!);
            parameter.GradientSum?.Dispose();
        }
    }

    [Fact]
    public void AddAdapter_BFloat16_KeepsTheDtype()
    {
        using var scope = NewDisposeScope();
        using ParameterSet parameters = new();
        Projection projection = new(
            parameters.Add("w.weight", SmallModel.Noise(3, Outputs, Inputs).to_type(ScalarType.BFloat16), ParameterPlacement.Expert, 0), null, parameters, ScalarType.BFloat16);
        projection.AddAdapter(new LoraOptions { Rank = Rank, Alpha = Alpha }, (_, draws) => draws.Span.Fill(.5f));

        Assert.Equal(ScalarType.BFloat16, projection.Forward(_x_NI.to_type(ScalarType.BFloat16)).dtype);
        using Tensor merged = projection.MergedWeight();
        Assert.Equal(ScalarType.Float32, merged.dtype);
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _x_NI.Dispose();
    }

    private ModelParameter A => _parameters["w.weight.lora_A"];

    private ModelParameter B => _parameters["w.weight.lora_B"];

    private static float Draw(int i) => MathF.Sin(i + 1);

    private void AddAdapter() => _projection.AddAdapter(new LoraOptions { Rank = Rank, Alpha = Alpha }, (name, draws) =>
    {
        Assert.Equal("w.weight.lora_A", name);
        for (int i = 0; i < draws.Length; i++)
            draws.Span[i] = Draw(i);
    });

    private void Train()
    {
        using var _ = no_grad();
        B.Value.copy_(SmallModel.Noise(4, Outputs, Rank));
    }
}
