using E3Scale.Benchmarks.Planning;
using E3Scale.Mpi;
using E3Scale.Sharding;
using E3Scale.Sharding.Planning;
using static TorchSharp.torch;

namespace E3Scale.Benchmarks.Growth;

/// <summary>
/// A training step with one quantity growing at a time, its exponents, and what the planner extrapolates from the smallest size of all. Single-threaded
/// ranks; memory is what a rank takes above its process without a model.
/// </summary>
internal sealed class GrowthBenchmark : IBenchmark
{
    private const string Picture = "artifacts/growth.svg";

    public string Name => "growth";

    public string Question => "How do time and memory of a step grow with tokens, layers, experts, vocabulary, stored logits and ranks?";

    public void Run(BenchmarkRun run)
    {
        LinkSpec link = JsonFile.Read<LinkSpec>(LinkProbe.FileIn(run.RunRanks(2, "link")), Name);
        ClusterSpec cluster = Calibrate(new GrowthPoint(), new GrowthPoint().Measure(run), link);
        List<GrowthCurve> curves = [];
        foreach (GrowthAxis axis in GrowthAxis.All)
        {
            GrowthPoint[] points = [.. axis.Values.Select(axis.At)];
            GrowthMeasurement[] measured = [.. points.Select(point => point.Measure(run))];
            MeshPlan[] plans = [.. points.Select(point => new Planner(point.Config, cluster, point.Workload).Plan(point.Mesh))];
            curves.Add(new GrowthCurve(axis, "ms of a step", [.. measured.Select(m => 1e3 * m.Seconds)], [.. plans.Select(plan => 1e3 * plan.Search.Seconds)]));
            curves.Add(new GrowthCurve(
                axis, "MB of a rank", [.. measured.Select(m => m.Bytes / 1e6)], [.. plans.Select(plan => plan.Memory.Max(rank => rank.Total) / 1e6)]));
        }
        BenchmarkRun.Show(
            ["grows", "values", "", "measured", "exponent", "planned", "exponent", "planned / measured"],
            curves.Select(curve => (IReadOnlyList<string>)
            [
                curve.Axis.Name, string.Join(' ', curve.Axis.Values), curve.Unit, Numbers(curve.Measured), BenchmarkRun.Text(curve.Axis.Exponent(curve.Measured), 2),
                Numbers(curve.Planned), BenchmarkRun.Text(curve.Axis.Exponent(curve.Planned), 2),
                string.Join(' ', curve.Planned.Zip(curve.Measured, (plan, real) => BenchmarkRun.Text(plan / real, 2))),
            ]));
        Directory.CreateDirectory(Path.GetDirectoryName(Picture)!);
        File.WriteAllText(Picture, GrowthPicture.ToSvg(curves));
        Console.WriteLine($"Picture: {Picture}\n");
    }

    public void RunRank(Communicator world, string part, string folder)
    {
        if (part == "link")
            LinkProbe.Run(world, folder);
        else
            GrowthPoint.Parse(part).RunRank(world, folder);
    }

    // The smallest size says how fast this machine is; all else is planned.
    private static ClusterSpec Calibrate(GrowthPoint point, GrowthMeasurement measured, LinkSpec link)
    {
        var unit = new ClusterSpec
        {
            Name = "this machine",
            DevicesPerNode = GrowthAxis.All.Max(axis => axis.At(axis.Values[^1]).Ranks),
            ConcurrentDevices = Environment.ProcessorCount,
            MemoryGigabytes = 1000,
            MemoryGigabytesPerSecond = 20,
            PeakTeraflops = new PeakSpec { Float32 = 0.001, Bfloat16 = 0.001 },
            AchievedFraction = 1,
            IntraNode = link,
            DiskGigabytesPerSecond = 1,
        };
        StepTime predicted = new Planner(point.Config, unit with { DevicesPerNode = 1 }, point.Workload).Plan(MeshShape.OneRank).Search;
        double rate = 0.001 * predicted.PipelineSeconds / (measured.Seconds - predicted.OptimizerSeconds);
        return unit with { PeakTeraflops = new PeakSpec { Float32 = rate, Bfloat16 = rate } };
    }

    private static string Numbers(IEnumerable<double> values) => string.Join(' ', values.Select(value => BenchmarkRun.Text(value, value < 10 ? 1 : 0)));
}
