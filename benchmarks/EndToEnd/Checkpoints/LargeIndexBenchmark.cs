using System.Diagnostics;
using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Sharding;
using E3Scale.Sharding.Planning;

namespace E3Scale.Benchmarks.Checkpoints;

/// <summary>How long the names of DeepSeek-R1's 92 thousand tensors in 163 files take: read from its index, and given to the ranks of a mesh.</summary>
internal sealed class LargeIndexBenchmark : IBenchmark
{
    private const int Rounds = 3, Shards = 163;

    private static readonly MeshShape s_mesh = new(8, 8, 8);

    public string Name => "large-index";

    public string Question => "How long does the index of a model of 671 billion parameters take to parse and to assign to 64 ranks?";

    public void Run(BenchmarkRun run)
    {
        string models = Path.Combine("cluster", "models", "deepseek-r1");
        ArchitectureConfig model = ArchitectureConfig.Read(models);
        string index = WriteFolder(run.Folder, models, model);
        List<double> opens = [], runs = [];
        int tensors = 0, problems = 0;
        for (int round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            using (HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(run.Folder))
                tensors = checkpoint.TensorNames.Count();
            opens.Add(watch.Elapsed.TotalSeconds);
            watch.Restart();
            problems = new DryRun(model, s_mesh, context: 4096).Run(TensorIndex.ReadNames(index)).ProblemCount;
            runs.Add(watch.Elapsed.TotalSeconds);
        }
        BenchmarkRun.Show(
            ["index, MB", "weights", "folder opened, s", "index read and assigned to 64 ranks, s", "problems"],
            [[BenchmarkRun.Text(new FileInfo(index).Length / 1e6, 1), $"{tensors}", BenchmarkRun.Text(BenchmarkRun.Median(opens), 2),
              BenchmarkRun.Text(BenchmarkRun.Median(runs), 2), $"{problems}"]]);
    }

    /// <summary>A folder with the published config, an index of all published names, and shards that are there but hold nothing.</summary>
    private static string WriteFolder(string folder, string models, ArchitectureConfig model)
    {
        string[] names = [.. model.PublishedTensors.Select(tensor => tensor.Name)];
        JsonObject map = [];
        for (int i = 0; i < names.Length; i++)
            map[names[i]] = $"model-{1 + (long)i * Shards / names.Length:D5}-of-{Shards:D6}.safetensors";
        foreach (string shard in map.Select(entry => (string)entry.Value!).Distinct())
            File.WriteAllText(Path.Combine(folder, shard), "no tensors");
        File.Copy(Path.Combine(models, "config.json"), Path.Combine(folder, "config.json"));
        string index = Path.Combine(folder, "model.safetensors.index.json");
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map }.ToJsonString());
        return index;
    }
}
