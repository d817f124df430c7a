using E3Scale.Launcher.Commands;
using E3Scale.Launcher.Ranks;
using E3Scale.TestSupport;

namespace E3Scale.Launcher.Tests.Commands;

public class CommandLineTests
{
    [Theory]
    [InlineData("runn")]
    [InlineData("run --recipe r.yaml --run-dir x --what 3")]
    [InlineData("run --run-dir x")]
    [InlineData("run --recipe r.yaml --run-dir x --launcher pbs")]
    [InlineData("run --recipe r.yaml --run-dir x --ranks two")]
    [InlineData("run --recipe r.yaml --run-dir x --launcher slurm --nodes many")]
    [InlineData("tokenize --tokenizer x --input y")]
    [InlineData("tokenize --tokenizer /nowhere --input y --output z")]
    [InlineData("tokenize --tokenizer x --input y --output z --control-tokens maybe")]
    [InlineData("export")]
    [InlineData("export --recipe r.yaml")]
    [InlineData("export --output x")]
    [InlineData("export --model x")]
    [InlineData("export --model /nowhere --output x")]
    [InlineData("export --model x --output y --recipe r.yaml")]
    [InlineData("export --recipe r.yaml --run-dir x --weights fp8")]
    [InlineData("export --model x --output y --weights fp4")]
    [InlineData("export --model x --output y --max-shard-size huge")]
    [InlineData("export --model x --output y --drop-layers a")]
    public void Run_BadCommandLine_IsBadInput(string line) => Assert.Equal(ExitCode.BadInput, CommandLine.Run(line.Split(' ')));

    [Fact]
    public void Run_NoSuchRecipe_IsBadInput() =>
        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["run", "--recipe", "/nowhere.yaml", "--run-dir", "/nowhere"]));

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("run --help")]
    [InlineData("export --help")]
    public void Run_Help_Succeeds(string line) => Assert.Equal(ExitCode.Success, CommandLine.Run(line.Split(' ')));

    [Theory]
    [InlineData("--model x --drop-layers 4")]
    [InlineData("--model x --student y --rounds 1 --batches 1,2")]
    public void Speed_GoodCommandLine_HasNoErrors(string line) => Assert.Empty(SpeedCommand.Create().Parse(line).Errors);

    [Theory]
    [InlineData("--model x --drop-layers 4 --rounds 0", "--rounds 0: at least 1.")]
    [InlineData("--model x --drop-layers 4 --batches 2,0", "--batches: at least one, and none below 1.")]
    [InlineData("--model x", "Give either --student, a folder, or --drop-layers, the layers that go.")]
    public void Speed_BadCommandLine_SaysWhatIsWrong(string line, string message) =>
        Assert.Equal([message], SpeedCommand.Create().Parse(line).Errors.Select(error => error.Message));

    [Fact]
    public void Export_LayersThatAreNotThere_NamesThoseThatAre()
    {
        using var folder = new TemporaryFolder();
        string model = Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1"), output = Path.Combine(folder.Path, "student");

        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["export", "--model", model, "--output", output, "--drop-layers", "3,16"]));
        Assert.Equal(ExitCode.BadInput, CommandLine.Run(["export", "--model", model, "--output", model]));
        Assert.False(Directory.Exists(output));
    }
}
