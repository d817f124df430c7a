using E3Scale.IntegrationTests.Support;

namespace E3Scale.IntegrationTests;

/// <summary><c>e3scale study</c> on a small model.</summary>
[Collection(SmallModelTests.Name)]
public class StudyTests(SmallModel model)
{
    [SkippableFact]
    public void Study_TwoMethods_SharesStagesComparesThemAndGoesOn()
    {
        model.Teacher();
        string folder = model.NewFolder(), file = Path.Combine(model.Root, "study.yaml");
        File.WriteAllText(file, $$"""
            title: Two methods
            recipe: {{Path.GetFileName(model.Recipe)}}
            seeds: [1]
            columns: [{ name: third, set: [search.drop_layers=2] }]
            arms: [{ name: random, set: [search.method=random] }, { name: ShortGPT, set: [search.method=shortgpt] }]
            """);

        E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, "study", file, "--run-dir", folder).Expect(0);

        Assert.Equal("../third-random-1/store", new DirectoryInfo(Path.Combine(folder, "runs", "third-shortgpt-1", "store")).LinkTarget);
        string[] rows = File.ReadAllLines(Path.Combine(folder, "study.csv"));
        Assert.Equal(3, rows.Length);
        Assert.StartsWith("third,random,1,", rows[1], StringComparison.Ordinal);
        Assert.StartsWith("third,ShortGPT,1,", rows[2], StringComparison.Ordinal);

        // Of 6 layers, the ends kept, two go: 6 sets.
        string masks = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, "masks", file, "--run-dir", folder).Expect(0).Output;
        Assert.Contains("Beside all 6 sets", masks, StringComparison.Ordinal);
        Assert.Equal(masks, File.ReadAllText(Path.Combine(folder, "masks.md")));

        // What is done is not done again, and the tables come out the same.
        File.Delete(Path.Combine(folder, "study.csv"));
        var again = E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, "study", file, "--run-dir", folder).Expect(0);
        Assert.Equal(rows, File.ReadAllLines(Path.Combine(folder, "study.csv")));
        Assert.DoesNotContain("run 1 of 2", again.Error, StringComparison.Ordinal);
    }
}
