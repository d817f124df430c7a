using E3Scale.Kernels;
using E3Scale.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Layers;

// Shape suffixes in this file: R = rows of all experts, H = hidden.

/// <summary>How rows of experts are dealt to threads, and that nothing comes out otherwise for it.</summary>
public sealed class ExpertRunsTests
{
    private const int Hidden = 24, Inner = 40;

    [Theory]
    [InlineData(1, 0, 0, 0, 0)]
    [InlineData(2, 4, 0, 0, 0)]
    [InlineData(2, 100, 0, 3, 60)]
    [InlineData(3, 1, 1, 1, 1)]
    [InlineData(4, 0, 500, 0, 7)]
    [InlineData(7, 33, 20, 0, 1)]
    public void Share_OfAllParts_IsEveryRowOnceInOrder(int parts, params int[] rowsPerExpert)
    {
        using var parameters = new ParameterSet();
        GatedMlp[] experts = Create(parameters, rowsPerExpert.Length, ScalarType.Float32);
        long rows = rowsPerExpert.Sum();
        var shares = Enumerable.Range(0, parts).Select(part => ExpertRuns.Share(experts, rowsPerExpert, rows, part, parts).ToList()).ToList();

        long next = 0;
        foreach (var run in shares.SelectMany(share => share))
        {
            Assert.Equal(next, run.Start);
            Assert.InRange(run.Count, 1, run.End - run.Start);
            next += run.Count;
            int expert = Array.IndexOf(experts, run.Expert);
            Assert.InRange(run.Start, rowsPerExpert.Take(expert).Sum(), rowsPerExpert.Take(expert + 1).Sum() - run.Count);
        }
        Assert.Equal(rows, next);
        for (int part = 0; part + 1 < parts; part++)
            if (shares[part].Count > 0 && shares.Skip(part + 1).SelectMany(share => share).Select(run => (long?)run.Start).FirstOrDefault() is { } behind)
                Assert.All(shares[part], run => Assert.InRange(run.End, 0, behind));
        Assert.InRange(shares.Max(share => share.Sum(run => run.Count)), 0, rows / parts + 2 * RowBlocks.BlockRows);
    }

    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.BFloat16, false)]
    [InlineData(ScalarType.BFloat16, true)]
    public void GroupedExperts_OnThreeThreads_GiveWhatOneGives(ScalarType type, bool adapters)
    {
        using var scope = NewDisposeScope();
        int before = get_num_threads();
        try
        {
            int[] rowsPerExpert = [50, 0, 37, 64, 3];
            var results = new List<double[]>();
            foreach (int threads in new[] { 1, 3 })
            {
                set_num_threads(threads);
                using var parameters = new ParameterSet();
                GatedMlp[] experts = Create(parameters, rowsPerExpert.Length, type);
                foreach (var projection in experts.SelectMany(expert => expert.Projections))
                    if (adapters)
                        projection.AddAdapter(new LoraOptions { Rank = 4, Alpha = 12 }, (name, draws) => draws.Span.Fill(name.Length * 0.01f));
                    else
                        projection.Weight.Trainable = true;
                ModelParameter[] trained = [.. parameters.Trainable];
                Tensor[] sums = [.. trained.Select(parameter => zeros(parameter.Value.shape))];
                foreach (var (parameter, sum) in trained.Zip(sums))
                    parameter.GradientSum = new GradientSum(parameter.Value, sum);
                Tensor x_RH = SmallModel.Noise(3, rowsPerExpert.Sum(), Hidden).to_type(type).requires_grad_();

                Tensor y_RH = new GroupedExperts(experts).Forward(x_RH, rowsPerExpert);
                y_RH.backward([SmallModel.Noise(4, rowsPerExpert.Sum(), Hidden).to_type(type)]);

                results.Add([.. SmallModel.Values(y_RH), .. SmallModel.Values(x_RH.grad!), .. sums.SelectMany(SmallModel.Values)]);
                foreach (var parameter in trained)
                    parameter.GradientSum!.Dispose();
            }
            double tolerance = type == ScalarType.Float32 ? 1e-6 : 1.0 / 128; // rows are multiplied in other blocks: the last bit may differ
            double largest = results[0].Max(Math.Abs);
            Assert.True(largest > 1);
            Assert.All(results[0].Zip(results[1]), pair => Assert.InRange(pair.Second, pair.First - tolerance * largest, pair.First + tolerance * largest));
        }
        finally
        {
            set_num_threads(before);
        }
    }

    private static GatedMlp[] Create(ParameterSet parameters, int experts, ScalarType type)
    {
        return [.. Enumerable.Range(0, experts).Select(e => new GatedMlp(
            Matrix($"{e}.gate", Inner, Hidden), Matrix($"{e}.up", Inner, Hidden), Matrix($"{e}.down", Hidden, Inner)))];

        Projection Matrix(string name, int outputs, int inputs) => new(
            parameters.Add(name, SmallModel.Noise(parameters.All.Count, outputs, inputs).to_type(type), ParameterPlacement.Expert, 0), null, parameters, type);
    }
}
