using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Stages;

/// <summary>The stages of one command, in the order they run.</summary>
public sealed class StagePlan
{
    private StagePlan(IReadOnlyList<IStage> stages) => Stages = stages;

    /// <summary>The stages, every one after those it needs.</summary>
    public IReadOnlyList<IStage> Stages { get; }

    /// <summary>The plan that ends with some stages: they and all they need.</summary>
    /// <param name="catalog">All stages, in order.</param>
    /// <param name="recipe">The recipe of the run, which decides what stages need.</param>
    /// <param name="targets">Names of the stages asked for.</param>
    /// <exception cref="ArgumentException">The catalog lacks a stage that is asked for or needed.</exception>
    public static StagePlan For(IReadOnlyList<IStage> catalog, Recipe recipe, params IEnumerable<string> targets)
    {
        var wanted = new HashSet<string>();
        var open = new Stack<string>(targets);
        while (open.TryPop(out string? name))
        {
            IStage stage = catalog.FirstOrDefault(candidate => candidate.Name == name)
                ?? throw new ArgumentException(
                    $"there is no stage {name}; there are {string.Join(", ", catalog.Select(known => known.Name))}", nameof(targets));
            if (wanted.Add(name))
                foreach (string needed in stage.Needs(recipe))
                    open.Push(needed);
        }
        return new StagePlan([.. catalog.Where(stage => wanted.Contains(stage.Name))]);
    }

    /// <summary>The first stage that is not done from the inputs as they are now, or null when the whole plan is done.</summary>
    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="folder">The run folder.</param>
    public IStage? FirstPending(Recipe recipe, RunFolder folder) =>
        Stages.FirstOrDefault(stage => !folder.IsDone(stage.FolderName, stage.InputHash(recipe, folder)));
}
