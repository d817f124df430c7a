using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Tests.Stages;

/// <summary>A stage that writes one file and counts how often it ran.</summary>
internal sealed class FakeStage(string name, params string[] needs) : IStage
{
    public string Name => name;

    public string FolderName => name;

    public string Description => "for tests";

    public IReadOnlyList<string> Needs(Recipe recipe) => needs;

    public int Runs { get; private set; }

    public Exception? Failure { get; set; }

    public string InputHash(Recipe recipe, RunFolder folder)
    {
        var hasher = new InputHasher(name, 1).Add("seed", recipe.Seed);
        foreach (string needed in needs)
            hasher.AddUpstream(folder, needed);
        return hasher.Finish();
    }

    public StageResult Run(StageContext context)
    {
        Runs++;
        if (Failure is not null)
            throw Failure;
        File.WriteAllText(Path.Combine(context.Folder.StageFolder(name), "out.txt"), name);
        return new StageResult([$"{name}/out.txt"], Tokens: 7);
    }
}
