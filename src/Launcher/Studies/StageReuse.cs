using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;

namespace E3Scale.Launcher.Studies;

/// <summary>
/// Lets a run take over stages that another run has finished from the same inputs: the corpus, the teacher's logits and the importance are the
/// same for all arms of a seed, the search where only the recovery differs, the recovery where two methods drop the same layers.
/// </summary>
internal sealed class StageReuse
{
    // From the export on a run names its method: that is its own.
    private const string LastShared = "distill";

    private readonly Dictionary<(string Stage, string InputHash), RunFolder> _finished = [];

    /// <summary>Links every stage of a run that another has finished, up to the first that none has.</summary>
    /// <param name="recipe">Recipe of the run.</param>
    /// <param name="folder">Its folder.</param>
    public void Take(Recipe recipe, RunFolder folder)
    {
        foreach (IStage stage in StagePlan.For(StageCatalog.All, recipe, LastShared).Stages)
        {
            if (!stage.Needs(recipe).All(need => IsDone(need, folder)))
                return;
            string hash = stage.InputHash(recipe, folder);
            if (!folder.IsDone(stage.FolderName, hash) && _finished.TryGetValue((stage.Name, hash), out RunFolder? source))
                Link(source.StageFolder(stage.FolderName), folder.StageFolder(stage.FolderName));
        }
    }

    /// <summary>Offers what a run has finished to those that follow.</summary>
    /// <param name="folder">Its folder.</param>
    public void Offer(RunFolder folder)
    {
        foreach (IStage stage in StageCatalog.All)
            if (folder.ReadMarker(stage.FolderName) is { } marker && marker.Stage == stage.Name && !IsLink(folder.StageFolder(stage.FolderName)))
                _finished.TryAdd((stage.Name, marker.InputHash), folder);
    }

    /// <summary>Offers all runs of other studies.</summary>
    /// <param name="studies">Folder with a folder for each study; nothing happens when it is not there.</param>
    public void OfferStudies(string studies)
    {
        if (!Directory.Exists(studies))
            return;
        foreach (string study in Directory.EnumerateDirectories(studies).Order(StringComparer.Ordinal))
            if (Path.Combine(study, StudyRunner.RunsFolder) is var runs && Directory.Exists(runs))
                foreach (string run in Directory.EnumerateDirectories(runs).Order(StringComparer.Ordinal))
                    Offer(new RunFolder(run));
    }

    private static bool IsDone(string stage, RunFolder folder) =>
        folder.ReadMarker(StageCatalog.All.First(candidate => candidate.Name == stage).FolderName) is not null;

    private static void Link(string source, string target)
    {
        if (IsLink(target))
            File.Delete(target);
        else if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        // Relative, so that the study's folder can be moved.
        Directory.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
    }

    private static bool IsLink(string folder) => new DirectoryInfo(folder).LinkTarget is not null;
}
