using System.Text.Json.Nodes;
using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests;

/// <summary><c>e3scale export --model</c>: any folder in, a folder that loads out, on one rank and on several.</summary>
public sealed class ExportFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("e3scale-test-").FullName;

    private static string TinyR1 => Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public void Export_SeveralRanks_WriteTheSameModelAsOne()
    {
        string library = MpiRun.RequireAny(), one = Path.Combine(_folder, "one"), several = Path.Combine(_folder, "several");
        string[] options = ["--drop-layers", "3,4", "--max-shard-size", "1MB"];
        E3ScaleCommand.Run(E3ScaleCommand.RefusalTimeout, ["export", "--model", TinyR1, "--output", one, .. options]).Expect(0);
        MpiRunResult job = MpiRun.Execute(library, 3, E3ScaleCommand.Require(), ["export", "--model", TinyR1, "--output", several, .. options]);
        Assert.True(job.ExitCode == 0, job.ToString());

        TensorFile source = TensorFile.LoadFolder(TinyR1), left = TensorFile.LoadFolder(one), right = TensorFile.LoadFolder(several);
        Assert.Equal(left.Tensors.Keys.Order(), right.Tensors.Keys.Order());
        Assert.All(left.Tensors, tensor => Assert.Equal(tensor.Value.Values, right.Tensors[tensor.Key].Values));
        Assert.Equal(source.Tensors["model.layers.15.self_attn.o_proj.weight"].Values, right.Tensors["model.layers.13.self_attn.o_proj.weight"].Values);
        Assert.All(Directory.GetFiles(several, "*.safetensors"), file => Assert.InRange(new FileInfo(file).Length, 1, 1_100_000));
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(TinyR1, file)), File.ReadAllBytes(Path.Combine(several, file)));
        Assert.Equal("[3,4]", Record(several)["dropped_layers"]!.ToJsonString());
        Assert.Equal(Record(one)["source_sha256"]!.GetValue<string>(), Record(several)["source_sha256"]!.GetValue<string>());
    }

    [SkippableFact]
    public void Export_AsFp8_SaysWhatRoundingChanged()
    {
        string output = Path.Combine(_folder, "student");
        CommandResult result = E3ScaleCommand.Run(
            E3ScaleCommand.RefusalTimeout, "export", "--model", TinyR1, "--output", output, "--weights", "fp8", "--keep-mtp").Expect(0);

        foreach (string part in (string[])["rounding moved the weights", "RoutedExperts", "no multi-token-prediction layers"])
            Assert.Contains(part, result.Output, StringComparison.Ordinal);
        Assert.InRange(Record(output)["rounding_error"]!["relative_rms"]!.GetValue<double>(), 0.01, 0.04);
    }

    [SkippableFact]
    public void Export_OverAFolderThatIsNoExport_IsRefusedOnAllRanks()
    {
        string library = MpiRun.RequireAny(), file = Path.Combine(_folder, "thesis.tex");
        File.WriteAllText(file, "precious");
        MpiRunResult job = MpiRun.Execute(library, 2, E3ScaleCommand.Require(), ["export", "--model", TinyR1, "--output", _folder]);

        Assert.False(job.TimedOut, job.ToString());
        Assert.Contains("no export wrote it", job.Error, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(file));
    }

    private static JsonObject Record(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "pruning.json")))!.AsObject();
}
