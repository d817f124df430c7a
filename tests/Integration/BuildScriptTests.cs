using E3Scale.TestSupport;
using System.Text.RegularExpressions;

namespace E3Scale.IntegrationTests;

/// <summary>The Cake scripts in build/, read as text: a target that reads an argument which the script does not know refuses to start.</summary>
public partial class BuildScriptTests
{
    private static readonly string Folder = Path.Combine(SharedData.RepositoryRoot, "build");

    [Fact]
    public void Arguments_AllThatTargetsReadAreKnown()
    {
        HashSet<string> known = [.. KnownArgument().Matches(File.ReadAllText(Path.Combine(Folder, "help.cake"))).Select(match => match.Groups[1].Value)];
        string[] read =
        [
            .. Directory.GetFiles(Folder, "*.cake").SelectMany(file => ReadArgument().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value),
        ];

        Assert.Contains("target", read);
        Assert.All(read, name => Assert.Contains(name, known));
    }

    [GeneratedRegex("""^\s*\["([a-z-]+)"\] =""", RegexOptions.Multiline)]
    private static partial Regex KnownArgument();

    [GeneratedRegex("""\b(?:Has)?Arguments?(?:<\w+>)?\("([a-z-]+)"[,)]""")]
    private static partial Regex ReadArgument();
}
