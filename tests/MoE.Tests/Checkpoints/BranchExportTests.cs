using System.Text.Json.Nodes;
using E3Scale.TestSupport;
using static TorchSharp.torch;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>Models that lost branches: any loader computes them from the file, and ours does not even allocate what is gone.</summary>
public sealed class BranchExportTests : IDisposable
{
    private static readonly int[] s_kept = [0, 1, 3, 4];
    private static readonly DroppedBranches s_dropped = new() { Attention = [1], Mlp = [0, 3] };

    private readonly TestFolder _folder = new();

    public static TheoryData<string, WeightFormat> Exports => new()
    {
        { "deepseek_v3", WeightFormat.Fp32 }, { "deepseek_v3", WeightFormat.Keep }, { "deepseek_v3", WeightFormat.Fp8 },
        { "llama", WeightFormat.Fp32 }, { "pangu_ultra_moe", WeightFormat.Bf16 },
    };

    [Theory]
    [MemberData(nameof(Exports))]
    public void Export_DroppedBranches_IsTheSameFunctionForLoadersThatDoNotKnowOfThem(string architecture, WeightFormat weights)
    {
        Write(architecture);
        Export(_folder["teacher"], _folder["student"], s_kept, s_dropped, weights);
        double[] ours = Logits(_folder["student"], out int held);

        using var scope = NewDisposeScope();
        using var teacher = HuggingFaceCheckpoint.Open(_folder["teacher"]);
        Forget(_folder["student"]);
        double[] stock = Logits(_folder["student"], out int all);
        Assert.Equal(stock, ours); // zeros add nothing, to the last bit
        Assert.True(held < all);
        if (weights is WeightFormat.Fp32 or WeightFormat.Keep)
        {
            using Decoder pruned = new(
                teacher.Config.Without(s_dropped), teacher.Names, teacher, DecoderPart.Without(teacher.Config, [2]));
            Assert.Equal(SmallModel.Values(pruned.Logits(pruned.Forward(pruned.Embed(SmallModel.Ids(2, 9))))), ours);
        }
    }

    [Fact]
    public void Export_DroppedBranches_SaysWhichUnderTheNewNumbers()
    {
        Write("deepseek_v3");
        Export(_folder["teacher"], _folder["student"], s_kept, s_dropped, WeightFormat.Keep);

        DroppedBranches read = ArchitectureConfig.Read(_folder["student"]).Config.DroppedBranches;
        Assert.Equal([1], read.Attention);
        Assert.Equal([0, 2], read.Mlp);
        JsonNode pruning = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["student"], "pruning.json")))!;
        Assert.Equal("""{"attention":[1],"mlp":[0,3]}""", pruning["dropped_branches"]!.ToJsonString());
    }

    [Fact]
    public void Export_StudentOnceMore_KeepsWhatItLacks()
    {
        Write("llama");
        Export(_folder["teacher"], _folder["student"], s_kept, s_dropped, WeightFormat.Keep);
        Export(_folder["student"], _folder["shorter"], [1, 2, 3], DroppedBranches.None, WeightFormat.Keep);

        DroppedBranches read = ArchitectureConfig.Read(_folder["shorter"]).Config.DroppedBranches;
        Assert.Equal([0], read.Attention);
        Assert.Equal([1], read.Mlp);
        double[] ours = Logits(_folder["shorter"], out _);
        Forget(_folder["shorter"]);
        Assert.Equal(Logits(_folder["shorter"], out _), ours);
    }

    [Fact]
    public void Inventory_DroppedBranches_ExpectsTheirTensorsOfNobodyAndKnowsThem()
    {
        Write("deepseek_v3");
        Export(_folder["teacher"], _folder["student"], s_kept, s_dropped, WeightFormat.Keep);
        ArchitectureConfig model = ArchitectureConfig.Read(_folder["student"]);
        CheckpointInventory inventory = CheckpointInventory.Read(model, _folder["student"]);

        Assert.True(inventory.IsComplete);
        Assert.Empty(inventory.Unknown);
        Assert.True(DecoderWeights.Count(model.Config) < DecoderWeights.Count(model.Config with { DroppedBranches = DroppedBranches.None }));
    }

    [Theory]
    [InlineData("""{"attention": [2], "mlp": [2]}""", "layer 2 in both lists")]
    [InlineData("""{"attention": [5]}""", "expected 0 to 4")]
    [InlineData("""{"mlp": "all"}""", "e3scale_dropped_branches.mlp")]
    public void ParseConfig_BranchesThatCannotBe_SaysWhatIsWrong(string field, string expected)
    {
        JsonObject config = SmallModel.Llama(5);
        config[DroppedBranches.ConfigField] = JsonNode.Parse(field);

        var error = Assert.Throws<CheckpointException>(() => SmallModel.Parse(config));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_LayerWithoutEither_IsRefused()
    {
        Write("llama");
        Assert.Throws<ArgumentException>(
            () => Export(_folder["teacher"], _folder["student"], s_kept, new DroppedBranches { Attention = [3], Mlp = [3] }, WeightFormat.Keep));
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string architecture) => SmallModel.Write(_folder["teacher"], architecture switch
    {
        "deepseek_v3" => SmallModel.DeepSeek(5),
        "pangu_ultra_moe" => SmallModel.Pangu(5),
        _ => SmallModel.Llama(5),
    });

    private static void Export(string source, string target, int[] kept, DroppedBranches dropped, WeightFormat weights)
    {
        using CheckpointExporter exporter = new(new ExportOptions
        {
            SourceFolder = source, TargetFolder = target, KeptLayers = kept, DroppedBranches = dropped, Method = "named", Weights = weights,
        });
        exporter.Export(exporter.SourceTensors(0, 1));
    }

    /// <summary>Makes a folder what a loader sees that does not know the field.</summary>
    private static void Forget(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(config.Remove(DroppedBranches.ConfigField));
        File.WriteAllText(path, config.ToJsonString());
    }

    private static double[] Logits(string folder, out int parameters)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = HuggingFaceCheckpoint.Open(folder);
        using Decoder model = new(checkpoint.Config, checkpoint.Names, checkpoint);
        parameters = model.Parameters.All.Count;
        return SmallModel.Values(model.Logits(model.Forward(model.Embed(SmallModel.Ids(2, 9)))));
    }
}
