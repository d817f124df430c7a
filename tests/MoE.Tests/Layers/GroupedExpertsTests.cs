using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: R = rows of all experts, H = hidden, I = inner width.

/// <summary>The grouped operation against the same experts run one by one through autograd.</summary>
public sealed class GroupedExpertsTests : IDisposable
{
    private const int Experts = 4, Hidden = 6, Inner = 5;
    private readonly ParameterSet _parameters = new();
    private readonly GatedMlp[] _experts;

    public GroupedExpertsTests()
    {
        _experts = Create(_parameters, ScalarType.Float32);
    }

    public static TheoryData<int[]> Rows => new([[3, 1, 4, 2], [0, 5, 0, 0], [0, 0, 0, 0], [7, 0, 0, 1]]);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Forward_EveryWeightTrains_EqualsOneByOne(int[] rowsPerExpert)
    {
        Train(parameter => true);
        AssertSame(rowsPerExpert, inputTrains: true);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Forward_AdaptersOnFrozenWeights_EqualsOneByOne(int[] rowsPerExpert)
    {
        AddAdapters();
        AssertSame(rowsPerExpert, inputTrains: true);
        Assert.All(_parameters.All.Where(p => !Projection.IsAdapter(p.Name)), p => Assert.Null(p.Value.grad));
    }

    [Fact]
    public void Forward_OnlyWeightsTrain_EqualsOneByOne()
    {
        Train(parameter => true);
        AssertSame([3, 1, 4, 2], inputTrains: false);
    }

    [Fact]
    public void Forward_SomeWeightsTrain_GivesGradientsToThemAlone()
    {
        Train(name => name.Contains("up", StringComparison.Ordinal));
        AssertSame([3, 1, 4, 2], inputTrains: true);
        Assert.All(_parameters.All, p => Assert.Equal(p.Name.Contains("up", StringComparison.Ordinal), p.Value.grad is not null));
    }

    [Theory]
    [InlineData(3, 0, 4, 2)]
    [InlineData(40, 0, 64, 33)] // several blocks of rows, with and without a rest
    [InlineData(18, 2, 1, 30)] // a block that runs over into the rows of all experts behind
    [InlineData(5, 17, 3, 1)] // and one that has no room to
    public void Forward_BFloat16_IsCloseToFloat32(params int[] rows)
    {
        using var scope = NewDisposeScope();
        using var parameters = new ParameterSet();
        var narrow = Create(parameters, ScalarType.BFloat16);
        foreach (var parameter in parameters.All.Concat(_parameters.All))
            parameter.Trainable = true;
        var x_RH = SmallModel.Noise(5, rows.Sum(), Hidden).requires_grad_();
        var narrow_RH = x_RH.detach().to_type(ScalarType.BFloat16).requires_grad_();
        var expected_RH = new GroupedExperts(_experts).Forward(x_RH, rows);
        var actual_RH = new GroupedExperts(narrow).Forward(narrow_RH, rows);
        expected_RH.sum().backward();
        actual_RH.sum().backward();
        Assert.Equal(ScalarType.BFloat16, actual_RH.dtype);
        AssertClose(expected_RH, actual_RH);
        AssertClose(x_RH.grad!, narrow_RH.grad!);
        foreach (var (expected, actual) in _parameters.All.Zip(parameters.All))
        {
            using Tensor? expectedGradient = expected.Value.grad, actualGradient = actual.Value.grad;
            Assert.Equal(expectedGradient is null, actualGradient is null);
            if (expectedGradient is not null)
                AssertClose(expectedGradient, actualGradient!);
        }

        // 8 bits per number, weights and activations rounded: half a percent of the largest value at each of four steps.
        static void AssertClose(Tensor expected, Tensor actual) =>
            Assert.InRange(SmallModel.Distance(expected, actual) / SmallModel.Values(expected).Max(Math.Abs), 0, 0.02);
    }

    [Fact]
    public void Forward_AndBackward_LeaveNoTensors()
    {
        Train(_ => true);
        AssertSame([3, 1, 4, 2], inputTrains: true);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 3; i++)
            AssertSame([3, 1, 4, 2], inputTrains: true);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    public void Dispose() => _parameters.Dispose();

    private void AssertSame(int[] rowsPerExpert, bool inputTrains)
    {
        using var scope = NewDisposeScope();
        var (expected, expectedGradients) = Run(rowsPerExpert, inputTrains, OneByOne);
        var (actual, actualGradients) = Run(rowsPerExpert, inputTrains, new GroupedExperts(_experts).Forward);
        Assert.Equal(expected.Length, actual.Length);
        // The same products; sums of up to 8 numbers of about 1 in another order.
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(expectedGradients.Keys.Order(), actualGradients.Keys.Order());
        foreach (var (name, gradient) in expectedGradients)
            Assert.All(gradient.Zip(actualGradients[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    private (double[] Results, Dictionary<string, double[]> Gradients) Run(int[] rowsPerExpert, bool inputTrains, Func<Tensor, int[], Tensor> experts)
    {
        using var scope = NewDisposeScope();
        foreach (var parameter in _parameters.All)
            parameter.Value.grad = null;
        var x_RH = SmallModel.Noise(5, rowsPerExpert.Sum(), Hidden);
        x_RH.requires_grad = inputTrains;
        var y_RH = experts(x_RH, rowsPerExpert);
        if (y_RH.requires_grad)
            (y_RH * SmallModel.Noise(6, rowsPerExpert.Sum(), Hidden)).sum().backward();
        var gradients = new Dictionary<string, double[]>();
        foreach (var parameter in _parameters.All)
        {
            using var gradient = parameter.Value.grad;
            if (gradient is not null)
                gradients.Add(parameter.Name, SmallModel.Values(gradient));
        }
        if (inputTrains && x_RH.grad is { } byInput)
            gradients.Add("x", SmallModel.Values(byInput));
        return (SmallModel.Values(y_RH), gradients);
    }

    private Tensor OneByOne(Tensor x_RH, int[] rowsPerExpert)
    {
        var results = new List<Tensor>();
        for (int e = 0, start = 0; e < Experts; start += rowsPerExpert[e++])
            if (rowsPerExpert[e] > 0)
                results.Add(_experts[e].Forward(x_RH.narrow(0, start, rowsPerExpert[e])));
        return results.Count > 0 ? cat(results, 0) : x_RH.clone();
    }

    private void Train(Func<string, bool> chosen)
    {
        foreach (var parameter in _parameters.All)
            parameter.Trainable = chosen(parameter.Name);
    }

    private void AddAdapters()
    {
        var random = new Random(3);
        foreach (var projection in _experts.SelectMany(expert => expert.Projections))
            projection.AddAdapter(new LoraOptions { Rank = 2, Alpha = 6 }, (_, draws) =>
            {
                foreach (ref float draw in draws.Span)
                    draw = (float)(random.NextDouble() * 2 - 1);
            });
        using var _ = no_grad();
        foreach (var b in _parameters.All.Where(p => p.Name.EndsWith("lora_B", StringComparison.Ordinal)))
            b.Value.add_(0.3); // from 0, where the gradient of A would be 0
    }

    private static GatedMlp[] Create(ParameterSet parameters, ScalarType dtype)
    {
        return [.. Enumerable.Range(0, Experts).Select(e => new GatedMlp(
            Matrix($"{e}.gate", Inner, Hidden), Matrix($"{e}.up", Inner, Hidden), Matrix($"{e}.down", Hidden, Inner)))];

        Projection Matrix(string name, int outputs, int inputs) => new(
            parameters.Add(name, SmallModel.Noise(parameters.All.Count, outputs, inputs).to_type(dtype), ParameterPlacement.Expert, 0), null, parameters, dtype);
    }
}
