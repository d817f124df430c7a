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
    private const string Recovery = "distill";

    private readonly Dictionary<(string Stage, string InputHash), RunFolder> _finished = [];

    /// <summary>Links every stage of a run that another has finished, up to the first that none has.</summary>
    /// <param name="recipe">Recipe of the run.</param>
    /// <param name="folder">Its folder.</param>
    public void Take(Recipe recipe, RunFolder folder)
    {
        foreach (IStage stage in Shared(recipe))
        {
            if (!stage.Needs(recipe).All(need => IsDone(need, folder)))
                return;
            string hash = stage.InputHash(recipe, folder);
            if (!folder.IsDone(stage.FolderName, hash) && _finished.TryGetValue((stage.Name, hash), out RunFolder? source))
                Link(source.StageFolder(stage.FolderName), folder.StageFolder(stage.FolderName));
        }
    }

    /// <summary>Offers what a run has finished to those that follow.</summary>
    /// <param name="recipe">Recipe of the run.</param>
    /// <param name="folder">Its folder.</param>
    public void Offer(Recipe recipe, RunFolder folder)
    {
        foreach (IStage stage in Shared(recipe))
            if (folder.ReadMarker(stage.FolderName) is { } marker && !IsLink(folder.StageFolder(stage.FolderName)))
                _finished.TryAdd((stage.Name, marker.InputHash), folder);
    }

    // What the recovery reads; from there on every run has its own.
    private static IEnumerable<IStage> Shared(Recipe recipe) =>
        StagePlan.For(StageCatalog.All, recipe, Recovery).Stages.Where(stage => stage.Name != Recovery);

    private static bool IsDone(string stage, RunFolder folder) =>
        folder.ReadMarker(StageCatalog.All.First(candidate => candidate.Name == stage).FolderName) is not null;

    private static void Link(string source, string target)
    {
        if (Path.Exists(target))
            Directory.Delete(target, recursive: true);
        // Relative, so that the study's folder can be moved.
        Directory.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
    }

    private static bool IsLink(string folder) => new DirectoryInfo(folder).LinkTarget is not null;
}
