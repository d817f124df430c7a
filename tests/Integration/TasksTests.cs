using System.Text.Json.Nodes;
using E3Scale.IntegrationTests.Support;
using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests;

/// <summary><c>e3scale tasks</c>: the same results on one rank and on a mesh.</summary>
public sealed class TasksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("e3scale-test-").FullName;

    private static string TinyR1 => Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1");

    public TasksTests()
    {
        File.WriteAllLines(Path.Combine(_folder, "piqa.jsonl"), Enumerable.Range(0, 5).Select(i =>
            $$"""{"goal": "count to {{i}}", "sol1": "one, two and so on", "sol2": "never {{i}} times", "label": {{i % 2}}}"""));
        File.WriteAllLines(Path.Combine(_folder, "gsm8k.jsonl"), Enumerable.Range(1, 3).Select(i =>
            $$"""{"question": "What is {{i}} and {{i}}?", "answer": "It is\n#### {{2 * i}}"}"""));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("pp=2")]
    [InlineData("ep=2,dp=2")]
    public void Tasks_OnAMesh_GiveTheResultsOfOneRank(string mesh)
    {
        string library = MpiRun.RequireAny();
        CommandResult one = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, Arguments("one")).Expect(0);
        MpiRunResult job = MpiRun.Execute(library, 2, E3ScaleCommand.Require(), [.. Arguments("mesh"), "--mesh", mesh]);
        Assert.True(job.ExitCode == 0, job.ToString());

        Assert.Contains("| piqa | 0 | 5 |", one.Output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(Path.Combine(_folder, "one.json")), File.ReadAllText(Path.Combine(_folder, "mesh.json")));
        JsonObject[] left = Items("one"), right = Items("mesh");
        Assert.Equal(8, left.Length);
        foreach (var (expected, actual) in left.Zip(right))
        {
            Assert.Equal((string?)expected["answer"], (string?)actual["answer"]);
            Assert.Equal((string?)expected["text"], (string?)actual["text"]);
            if (expected["log_likelihoods"] is JsonArray sums)
                Assert.Equal(sums.Select(sum => (double)sum!), actual["log_likelihoods"]!.AsArray().Select(sum => (double)sum!), (a, b) => Math.Abs(a - b) < 1e-3);
        }
    }

    [SkippableFact]
    public void Tasks_FileMissing_IsSaidBeforeAnythingRuns()
    {
        CommandResult result = E3ScaleCommand.Run(
            E3ScaleCommand.RefusalTimeout, "tasks", "--model", TinyR1, "--tasks-dir", _folder, "--tasks", "piqa,boolq").Expect(2);
        result.Says("no boolq.jsonl, which the task boolq reads");
    }

    private string[] Arguments(string name) =>
    [
        "tasks", "--model", TinyR1, "--tasks-dir", _folder, "--tasks", "piqa,gsm8k", "--batch-size", "2", "--max-new-tokens", "6", "--device", "cpu",
        "--output", Path.Combine(_folder, name + ".json"), "--items", Path.Combine(_folder, name + ".jsonl"),
    ];

    private JsonObject[] Items(string name) => [.. File.ReadLines(Path.Combine(_folder, name + ".jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
}
