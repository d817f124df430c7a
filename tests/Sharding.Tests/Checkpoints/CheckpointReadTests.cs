using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using E3Scale.MoE;
using E3Scale.Sharding.Planning;
using E3Scale.Sharding.Tests.Planning;
using E3Scale.TestSupport;

namespace E3Scale.Sharding.Tests.Checkpoints;

/// <summary>How much of a checkpoint the ranks of a mesh read, counted in bytes.</summary>
public sealed partial class CheckpointReadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(2, 8)]
    public void Load_EveryRankOfAMesh_ReadsTheBytesOfItsOwnTensors(int pipeline, int expert)
    {
        SmallModel.Write(_folder.Root, SmallModel.DeepSeek());
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]);
        var shape = new MeshShape(pipeline, expert, expert);
        var readOf = new long[shape.WorldSize];
        for (int rank = 0; rank < readOf.Length; rank++)
        {
            using var checkpoint = HuggingFaceCheckpoint.Open(_folder.Root);
            var position = shape.PositionOf(rank);
            var partition = LayerPartition.Of(checkpoint.Config, pipeline, context: 64);
            using (new Decoder(checkpoint.Config, checkpoint.Names, checkpoint, partition.PartOf(shape, position)))
                readOf[rank] = checkpoint.BytesRead;
            Assert.Equal(file.Entries.Where(entry => IsHeld(entry.Name, position, partition, expert)).Sum(entry => entry.ByteCount), readOf[rank]);
        }
        long routed = file.Entries.Where(entry => ExpertOf(entry.Name) >= 0).Sum(entry => entry.ByteCount);
        long dense = file.Entries.Sum(entry => entry.ByteCount) - routed;
        // Stages and expert ranks share what they hold between them; what is not an expert every expert rank has.
        Assert.Equal(routed + expert * dense, readOf.Sum());
    }

    [Fact]
    public void Load_TiedEmbeddingsOnTwoStages_ReadTheEmbeddingTwice()
    {
        SmallModel.Write(_folder.Root, SmallModel.Llama(tied: true));
        long read = 0;
        for (int stage = 0; stage < 2; stage++)
        {
            using var checkpoint = HuggingFaceCheckpoint.Open(_folder.Root);
            using var decoder = new Decoder(
                checkpoint.Config, checkpoint.Names, checkpoint, new DecoderPart([2 * stage, 2 * stage + 1], stage == 0, stage == 1));
            Assert.NotNull(decoder.Embedding);
            read += checkpoint.BytesRead;
        }
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]);
        Assert.False(file.Contains("lm_head.weight"));
        Assert.Equal(file.Entries.Sum(entry => entry.ByteCount) + file.Entry("model.embed_tokens.weight").ByteCount, read);
    }

    [Fact]
    public void Open_R1In163Shards_AssignsEveryTensorOfItsIndex()
    {
        ArchitectureConfig model = Plans.Model("deepseek-r1");
        string[] names = [.. model.PublishedTensors.Select(tensor => tensor.Name)];
        JsonObject map = [];
        for (int i = 0; i < names.Length; i++)
            map[names[i]] = $"model-{1 + i * 163L / names.Length:D5}-of-000163.safetensors";
        File.Copy(Path.Combine(SharedData.RepositoryRoot, "cluster", "models", "deepseek-r1", "config.json"), _folder["config.json"]);
        File.WriteAllText(_folder["model.safetensors.index.json"], new JsonObject { ["weight_map"] = map }.ToJsonString());
        foreach (string shard in map.Select(entry => (string)entry.Value!).Distinct())
            File.WriteAllText(_folder[shard], "never opened: no tensor of it is asked for");

        using var checkpoint = HuggingFaceCheckpoint.Open(_folder.Root);
        DryRunReport report = new DryRun(model, new MeshShape(8, 4, 4), context: 4096).Run(TensorIndex.ReadNames(_folder["model.safetensors.index.json"]));

        Assert.Equal(report.TensorsByRole[TensorRole.Weight], checkpoint.TensorNames.Count());
        Assert.Equal([], report.Problems);
        Assert.Equal(0, checkpoint.BytesRead);
    }

    /// <summary>Written out by hand, from the names alone.</summary>
    private static bool IsHeld(string name, MeshPosition position, LayerPartition partition, int expertRanks)
    {
        bool isFirst = position.Stage == 0, isLast = position.Stage == partition.Stages.Count - 1;
        if (name.StartsWith("model.embed_tokens.", StringComparison.Ordinal))
            return isFirst;
        if (name.StartsWith("model.norm.", StringComparison.Ordinal) || name.StartsWith("lm_head.", StringComparison.Ordinal))
            return isLast;
        int layer = int.Parse(name.Split('.')[2], CultureInfo.InvariantCulture);
        int expert = ExpertOf(name);
        return partition.Stages[position.Stage].Contains(layer) && (expert < 0 || expert / (8 / expertRanks) == position.ExpertRank);
    }

    private static int ExpertOf(string name) =>
        RoutedExpert().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : -1;

    [GeneratedRegex(@"\.mlp\.experts\.(\d+)\.")]
    private static partial Regex RoutedExpert();
}
