using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Stages;

/// <summary>One stage of the pipeline: files in, files out. <see cref="StageCatalog"/> lists them in order.</summary>
public interface IStage
{
    /// <summary>Name of the stage and of its command, for example capture.</summary>
    string Name { get; }

    /// <summary>Folder of its output inside the run folder, for example store.</summary>
    string FolderName { get; }

    /// <summary>One line for the help text.</summary>
    string Description { get; }

    /// <summary>Names of the stages whose output this one reads.</summary>
    /// <param name="recipe">The recipe of the run: without distillation, for example, nothing needs stored logits.</param>
    IReadOnlyList<string> Needs(Recipe recipe);

    /// <summary>Hash of all that the output depends on, made with <see cref="InputHasher"/> once <see cref="Needs"/> are done.</summary>
    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="folder">The run folder.</param>
    string InputHash(Recipe recipe, RunFolder folder);

    /// <summary>
    /// What an interrupted attempt has kept and the next one goes on from, in units of the stage: steps of the newest checkpoint, files.
    /// 0, the default, for a stage that begins anew.
    /// </summary>
    /// <param name="folder">The run folder.</param>
    long KeptProgress(RunFolder folder) => 0;

    /// <summary>Does the work, on every rank at once, and goes on with what an interrupted attempt left.</summary>
    /// <param name="context">Recipe, run folder, ranks, log and progress.</param>
    /// <returns>What was written and what it cost; only rank 0's answer is kept.</returns>
    StageResult Run(StageContext context);
}
