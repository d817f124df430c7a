using System.Text.Json;
using E3Scale.Launcher.Commands;
using E3Scale.Launcher.Inspection;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.MoE;
using E3Scale.TestSupport;

namespace E3Scale.Launcher.Tests.Commands;

public class InspectCommandTests
{
    private static string TinyR1 => Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1");

    private static string R1 => Path.Combine(SharedData.RepositoryRoot, "cluster", "models", "deepseek-r1");

    [Fact]
    public void Read_ShippedModel_DescribesItsParts()
    {
        ModelReport report = ModelReport.Read(TinyR1);

        Assert.Equal(("deepseek_v3", 16, 2048), (report.Architecture, report.Layers.Count, report.VocabularySize));
        Assert.Equal([0], report.Layers.Dense);
        Assert.Equal(15, report.Layers.Mixtures.Count);
        Assert.True(report.Weights!.IsComplete);
        Assert.Equal(("byte-level BPE", 2048, "tokenizer.json"), (report.Tokenizer!.Kind, report.Tokenizer.VocabularySize, report.Tokenizer.File));
        Assert.Equal(report.TotalParameters, report.Parameters.Sum(kind => kind.Total));
        Assert.Equal(report.ActiveParameters, report.Parameters.Sum(kind => kind.Active));
        Assert.Equal(report.TotalParameters, report.Weights.ByRole[TensorRole.Weight].Elements);
        Assert.Equal(Enumerable.Range(1, 14), report.Advice.Candidates);
        Assert.Equal(Adapter.Full, report.Advice.Adapter);
    }

    // 671 billion parameters, 37 of them active without the embedding; adapters as in the paper.
    [Fact]
    public void Read_ConfigOfDeepSeekR1_CountsWithoutWeights()
    {
        ModelReport report = ModelReport.Read(R1);

        Assert.Null(report.Weights);
        Assert.Equal(1, report.Layers.Prediction);
        Assert.InRange(report.TotalParameters / 1e9, 671.0, 671.1);
        Assert.InRange(report.ActiveParameters / 1e9, 36.5, 37.5);
        Assert.Equal(Adapter.Lora, report.Advice.Adapter);
        Assert.InRange(report.Advice.WeightBytes["fp8"] / 1e9, 670, 680);
        Assert.Equal(2 * report.TotalParameters, report.Advice.WeightBytes["bfloat16"]);
    }

    [Fact]
    public void Draw_ShippedModel_SaysItInWords()
    {
        string text = ReportText.Draw(ModelReport.Read(TinyR1));

        Assert.Contains("16: 1 dense (0), 15 mixtures of experts (1-15)", text, StringComparison.Ordinal);
        Assert.Contains("multi-head latent: 4 heads of 32 + 16 rotary", text, StringComparison.Ordinal);
        Assert.Contains("8 of width 48, 2 per token by sigmoid, from 2 of 4 groups, with a correction bias; shared expert of width 48", text, StringComparison.Ordinal);
        Assert.Contains("candidates are layers 1-14", text, StringComparison.Ordinal);
        Assert.Contains($"e3scale plan --model {TinyR1}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_LayersThatLostABranch_SaysWhichAndCountsLess()
    {
        using var folder = new TemporaryFolder();
        string config = File.ReadAllText(Path.Combine(TinyR1, "config.json"))
            .Replace("\"num_hidden_layers\": 16", "\"num_hidden_layers\": 16, \"e3scale_dropped_branches\": {\"attention\": [3, 4], \"mlp\": [9]}", StringComparison.Ordinal);
        ModelReport whole = ModelReport.Read(Path.Combine(TinyR1, "config.json")), half = ModelReport.Read(folder.File("config.json", config));

        string text = ReportText.Draw(half);
        Assert.Contains("pruned: no attention in 3-4", text, StringComparison.Ordinal);
        Assert.Contains("pruned: no MLP in 9", text, StringComparison.Ordinal);
        long Of(ModelReport report, WeightKind kind) => report.Parameters.Single(facts => facts.Kind == kind).Total;
        Assert.Equal(14 * Of(whole, WeightKind.Attention), 16 * Of(half, WeightKind.Attention));
        Assert.Equal(14 * Of(whole, WeightKind.RoutedExperts), 15 * Of(half, WeightKind.RoutedExperts));
    }

    [Fact]
    public void Read_ConfigOfMoreWeightsThanAnyModelHas_IsRefusedAtOnce()
    {
        using var folder = new TemporaryFolder();
        string config = File.ReadAllText(Path.Combine(TinyR1, "config.json"))
            .Replace("\"num_hidden_layers\": 16", "\"num_hidden_layers\": 16384", StringComparison.Ordinal)
            .Replace("\"n_routed_experts\": 8", "\"n_routed_experts\": 16384", StringComparison.Ordinal);

        var error = Assert.Throws<CheckpointException>(() => ModelReport.Read(folder.File("config.json", config)));

        Assert.Contains("16384 layers with 16384 experts", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 3 }, "3")]
    [InlineData(new[] { 0, 1, 2, 5, 7, 8 }, "0-2, 5, 7-8")]
    public void Ranges_Numbers_AreJoinedWhereTheyFollow(int[] numbers, string expected) => Assert.Equal(expected, ReportText.Ranges(numbers));

    [Fact]
    public void Run_Json_IsAnObjectWithEverything()
    {
        using JsonDocument json = JsonDocument.Parse(RunJson.ToText(ModelReport.Read(TinyR1)));

        Assert.Equal(16, json.RootElement.GetProperty("layers").GetProperty("count").GetInt32());
        Assert.True(json.RootElement.GetProperty("weights").GetProperty("is_complete").GetBoolean());
        Assert.Equal("full", json.RootElement.GetProperty("advice").GetProperty("adapter").GetString());
    }

    [Fact]
    public void Run_Folders_EndWithTheirCodes()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ExitCode.Success, CommandLine.Run(["inspect", TinyR1]));
        Assert.Equal(ExitCode.Success, CommandLine.Run(["inspect", R1, "--json"]));
        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["inspect", "/nowhere"]));
        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["inspect", folder.Path]));

        string config = File.ReadAllText(Path.Combine(TinyR1, "config.json"));
        string model = Path.GetDirectoryName(folder.File("other/config.json", config.Replace("\"num_hidden_layers\": 16", "\"num_hidden_layers\": 17", StringComparison.Ordinal)))!;
        foreach (string file in Directory.GetFiles(TinyR1, "model*"))
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        Assert.Equal(ExitCode.Negative, CommandLine.Run(["inspect", model])); // the last layer is missing

        File.WriteAllText(Path.Combine(model, "model.safetensors.index.json"), "{");
        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["inspect", model]));
    }
}
