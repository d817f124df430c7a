using System.Text.Json.Nodes;
using E3Scale.MoE.Tracing;
using E3Scale.TestSupport;

namespace E3Scale.MoE.Tests.Checkpoints;

/// <summary>Exports straight from a folder, without a model in memory.</summary>
public sealed class SourceExportTests
{
    public static TheoryData<string> Folders => StoredTensors.Folders;

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Export_AllLayersKept_EveryTensorIsTheSameBytes(string folder)
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf(folder);
        ExportOptions options = StoredTensors.AllLayers(source, temp.File("copy"), WeightFormat.Keep) with { KeepsPrediction = true, MaxShardBytes = 200_000 };
        using CheckpointExporter exporter = StoredTensors.Export(options, ranks: 3);

        Assert.Equal(StoredTensors.Read(source), StoredTensors.Read(temp.File("copy")));
        JsonNode before = ReadJson(source, "config.json"), after = ReadJson(temp.File("copy"), "config.json");
        if (folder == "pangu_sandwich") // its config names a prediction layer that the folder does not have
            before["num_mtp_layers"] = 0;
        Assert.True(JsonNode.DeepEquals(before, after), after.ToJsonString());
        Assert.Null(ReadJson(temp.File("copy"), "pruning.json")["rounding_error"]);
    }

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Export_TwoLayersLeftOut_GivesTheModelWithoutThem(string folder)
    {
        Skip.If(folder == "tiny-r1", "has no reference values");
        using TempFolder temp = new();
        string source = StoredTensors.PathOf(folder), input = Path.Combine(source, "golden.safetensors");
        ExportOptions options = StoredTensors.AllLayers(source, temp.File("student"), WeightFormat.Keep);
        using CheckpointExporter exporter = StoredTensors.Export(options with { KeptLayers = [.. options.KeptLayers.Except([1, 3])] }, ranks: 2);
        ModelTrace.Write(new TraceOptions { ModelFolder = temp.File("student"), InputFile = input, OutputFile = temp.File("out.safetensors") });

        float[] expected = GoldenFile.Load(input).Floats("logits_skip_1_3"), actual = GoldenFile.Load(temp.File("out.safetensors")).Floats("logits");
        Assert.InRange(expected.Zip(actual, (left, right) => Math.Abs(left - right)).Max(), 0, 5e-5);
    }

    [SkippableTheory]
    [InlineData("deepseek_fp8")]
    [InlineData("qwen3moe_mixed")]
    [InlineData("qwen25_tied")]
    [InlineData("mixtral")]
    public void Export_EveryFormat_LoadsAgain(string folder)
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf(folder);
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
        {
            using CheckpointExporter exporter = StoredTensors.Export(StoredTensors.AllLayers(source, temp.File($"{format}"), format));
            using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(temp.File($"{format}"));
            using Decoder model = new(checkpoint.Config, checkpoint.Names, checkpoint);
            Assert.Equal(DecoderWeights.All(checkpoint.Config).Count(), checkpoint.TensorNames.Count());
        }
    }

    [SkippableFact]
    public void SourceTensors_SeveralRanks_ShareTheBytesEvenlyAndCompletely()
    {
        string source = StoredTensors.PathOf("tiny-r1");
        using CheckpointExporter exporter = new(StoredTensors.AllLayers(source, "/nowhere/x", WeightFormat.Keep));
        List<ExportTensor>[] shares = [.. Enumerable.Range(0, 4).Select(rank => exporter.SourceTensors(rank, 4).ToList())];

        Assert.Equal(StoredTensors.Read(source).Keys, shares.SelectMany(share => share).Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        double total = shares.Sum(Elements);
        Assert.All(shares, share => Assert.InRange(Elements(share) / total, 0.15, 0.35)); // the embedding alone is a tenth

        static double Elements(List<ExportTensor> share) => share.Sum(tensor => (double)tensor.Shape.Aggregate(1L, (all, size) => all * size));
    }

    [SkippableFact]
    public void Export_PredictionLayer_FollowsTheKeptLayers()
    {
        using TempFolder temp = new();
        string source = StoredTensors.PathOf("deepseek_sharded_mtp");
        ExportOptions options = StoredTensors.AllLayers(source, temp.File("student"), WeightFormat.Keep) with { KeptLayers = [0, 2, 4], KeepsPrediction = true };
        using CheckpointExporter exporter = StoredTensors.Export(options);

        var before = StoredTensors.Read(source);
        var after = StoredTensors.Read(temp.File("student"));
        string[] prediction = [.. before.Keys.Where(name => name.StartsWith("model.layers.5.", StringComparison.Ordinal))];
        Assert.Contains("model.layers.5.eh_proj.weight", prediction);
        Assert.All(prediction, name => Assert.Equal(before[name], after[name.Replace("layers.5.", "layers.3.", StringComparison.Ordinal)]));
        Assert.Equal(1, ReadJson(temp.File("student"), "config.json")["num_nextn_predict_layers"]!.GetValue<int>());
        Assert.True(ReadJson(temp.File("student"), "pruning.json")["keeps_prediction"]!.GetValue<bool>());
        using HuggingFaceCheckpoint student = HuggingFaceCheckpoint.Open(temp.File("student"));
        Assert.Equal(DecoderWeights.All(student.Config).Count(), student.TensorNames.Count());
    }

    [SkippableFact]
    public void Export_PredictionLayerNotAskedFor_IsLeftOut()
    {
        using TempFolder temp = new();
        using CheckpointExporter exporter = StoredTensors.Export(
            StoredTensors.AllLayers(StoredTensors.PathOf("deepseek_sharded_mtp"), temp.File("student"), WeightFormat.Keep));

        Assert.DoesNotContain(StoredTensors.Read(temp.File("student")).Keys, name => name.StartsWith("model.layers.5.", StringComparison.Ordinal));
        Assert.Equal(0, ReadJson(temp.File("student"), "config.json")["num_nextn_predict_layers"]!.GetValue<int>());
    }

    [SkippableFact]
    public void Export_PredictionLayerAsFp8_QuantisesItsMatricesOnly()
    {
        using TempFolder temp = new();
        ExportOptions options = StoredTensors.AllLayers(StoredTensors.PathOf("deepseek_sharded_mtp"), temp.File("student"), WeightFormat.Fp8);
        using CheckpointExporter exporter = StoredTensors.Export(options with { KeepsPrediction = true });

        string config = File.ReadAllText(temp.File("student/config.json"));
        using var json = System.Text.Json.JsonDocument.Parse(config);
        var published = ModelFamilies.For("deepseek_v3", "x").PublishedTensors(json.RootElement, "x").ToDictionary(tensor => tensor.Name);
        var written = StoredTensors.Read(temp.File("student"));
        Assert.All(written, tensor => Assert.Equal(published[tensor.Key].Type, tensor.Value.Type));
    }

    private static JsonNode ReadJson(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!;
}
