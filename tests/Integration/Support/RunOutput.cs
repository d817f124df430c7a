using System.Text.Json;

namespace E3Scale.IntegrationTests.Support;

/// <summary>What a run has left in its folder.</summary>
internal static class RunOutput
{
    /// <summary>Steps that search or distill has written to its metrics.</summary>
    public static int Lines(string run, string stage)
    {
        try
        {
            using var metrics = new StreamReader(
                new FileStream(Path.Combine(run, stage, "metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return metrics.ReadToEnd().Count(letter => letter == '\n');
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Fails where a run did not end with the bits of another, and says where they part.</summary>
    public static void AssertSame(string expectedRun, string actualRun)
    {
        var (expected, actual) = (Hashes(expectedRun), Hashes(actualRun));
        string[] differing = [.. expected.Keys.Union(actual.Keys).Where(name => !expected.TryGetValue(name, out string? hash) || !actual.TryGetValue(name, out string? other) || hash != other)];
        Assert.True(differing.Length == 0,
            $"{string.Join(", ", differing)} differ; {FirstDifference(expectedRun, actualRun, "search")}; {FirstDifference(expectedRun, actualRun, "distill")}");
    }

    /// <summary>The first step of which two runs tell another loss or gradient norm.</summary>
    private static string FirstDifference(string expectedRun, string actualRun, string stage)
    {
        var (expected, actual) = (Steps(expectedRun, stage), Steps(actualRun, stage));
        foreach (var (step, values) in expected)
            if (!actual.TryGetValue(step, out var others) || values != others)
                return $"{stage} parts at step {step}: (loss, norm) {values} and {(actual.TryGetValue(step, out others) ? others.ToString() : "none")}";
        return $"{stage} is alike in all {expected.Count} steps";
    }

    private static SortedDictionary<int, (double Loss, double Norm)> Steps(string run, string stage)
    {
        var steps = new SortedDictionary<int, (double, double)>();
        foreach (string line in File.ReadLines(Path.Combine(run, stage, "metrics.jsonl")))
        {
            using var parsed = JsonDocument.Parse(line);
            var values = parsed.RootElement;
            steps[values.GetProperty("step").GetInt32()] = (values.GetProperty("loss").GetDouble(), values.GetProperty("grad_norm").GetDouble());
        }
        return steps;
    }

    /// <summary>Hashes of the student, the search's decision and the last train state.</summary>
    public static SortedDictionary<string, string> Hashes(string run)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["mask"] = File.ReadAllText(Path.Combine(run, "search", "mask.json")) };
        foreach (string folder in new[] { "student", Path.Combine("distill", "checkpoints", $"step-{SmallModel.Steps:D8}") })
            foreach (var (file, hash) in Folders.Hashes(Path.Combine(run, folder)))
                all.Add($"{folder}/{file}", hash);
        return all;
    }
}
