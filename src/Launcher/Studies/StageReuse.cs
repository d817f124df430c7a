using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Studies;

/// <summary>
/// Lets a run take over stages that another run of the study has finished from the same inputs: the corpus, the teacher's logits and the
/// importance are the same for all arms of a seed, and the search where only the recovery differs.
/// </summary>
internal sealed class StageReuse
{
    // Later stages differ in every run.
    private static readonly IReadOnlyList<IStage> Shared = StagePlan.For(StageCatalog.All, "search").Stages;

    private readonly Dictionary<(string Stage, string InputHash), RunFolder> _finished = [];

    /// <summary>Links every stage of a run that another has finished, up to the first that none has.</summary>
    /// <param name="recipe">Recipe of the run.</param>
    /// <param name="folder">Its folder.</param>
    public void Take(Recipe recipe, RunFolder folder)
    {
        foreach (IStage stage in Shared)
        {
            if (!stage.Needs.All(need => IsDone(need, folder)))
                return;
            string hash = stage.InputHash(recipe, folder);
            if (!folder.IsDone(stage.FolderName, hash) && _finished.TryGetValue((stage.Name, hash), out RunFolder? source))
                Link(source.StageFolder(stage.FolderName), folder.StageFolder(stage.FolderName));
        }
    }

    /// <summary>Offers what a run has finished to those that follow.</summary>
    public void Offer(RunFolder folder)
    {
        foreach (IStage stage in Shared)
            if (folder.ReadMarker(stage.FolderName) is { } marker && !IsLink(folder.StageFolder(stage.FolderName)))
                _finished.TryAdd((stage.Name, marker.InputHash), folder);
    }

    private static bool IsDone(string stage, RunFolder folder) =>
        folder.ReadMarker(Shared.First(candidate => candidate.Name == stage).FolderName) is not null;

    private static void Link(string source, string target)
    {
        if (Path.Exists(target))
            Directory.Delete(target, recursive: true);
        // Relative, so that the study's folder can be moved.
        Directory.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
    }

    private static bool IsLink(string folder) => new DirectoryInfo(folder).LinkTarget is not null;
}
