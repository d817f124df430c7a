using E3Scale.Data.Corpora;
using E3Scale.Evaluation.Studies;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Stages;
using E3Scale.MoE;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Studies;

/// <summary>
/// Ranks the layers that the runs of a study chose among all sets of as many layers, or a sample of them, by the held-out loss of the teacher without
/// these layers: how good a choice is before anything is recovered.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="folder">Its folder.</param>
/// <param name="samples">Sets that choices are compared with, at most.</param>
internal sealed class MaskRanking(Study study, string folder, int samples)
{
    private const int BatchSequences = 8;
    private const int SetsAtOnce = 16; // the teacher's text is read once for so many

    /// <summary>Ranks all columns. Collective.</summary>
    /// <param name="mesh">One rank, or several on the data axis.</param>
    /// <param name="progress">Where people see it go on.</param>
    /// <exception cref="RecipeException">No run of the study has chosen layers yet.</exception>
    public IReadOnlyList<MaskRank> Run(Mesh mesh, IStageProgress progress) => [.. study.Columns.SelectMany(column => Rank(column, mesh, progress))];

    private IReadOnlyList<MaskRank> Rank(StudyVariant column, Mesh mesh, IStageProgress progress)
    {
        var chosen = study.Cells.Where(cell => cell.Column == column)
            .Where(cell => Directory.Exists(StudyRunner.PathOf(folder, cell)))
            .Select(cell => (Cell: cell, Run: new RunFolder(StudyRunner.PathOf(folder, cell))))
            .Where(entry => entry.Run.ReadMarker(RunFiles.SearchFolder) is not null)
            .Select(entry => (entry.Cell, entry.Run, Mask: JsonFile.Read<MaskResult>(entry.Run.In(RunFiles.Mask), "search")))
            .ToList();
        if (chosen.Count == 0)
            throw new RecipeException($"{folder}: no run of column '{column.Name}' has chosen layers yet. Make the study first: e3scale study.");
        var (first, run, mask) = chosen[0];
        Recipe recipe = RecipeLoader.Load(study.Recipe, [.. first.Changes(study)]);
        using var corpus = PackedCorpus.Open(run.In(RunFiles.HeldOutCorpus));
        using var checkpoint = HuggingFaceCheckpoint.Open(StageOptions.Teacher(recipe));
        using var model = ShardedModel.Load(checkpoint, mesh, corpus.SequenceLength, StageOptions.DType(recipe));
        var probe = new ModelProbe(model, corpus, new CalibrationBatches(corpus, recipe.Importance.Sequences, BatchSequences, (ulong)first.Seed));

        int[] ends = recipe.Search.ProtectEnds ? [0, mask.Layers - 1] : [];
        var sample = MaskSample.Of(mask.Layers, new SelectionTarget(mask.Dropped.Length, ends, Seed: 1), samples);
        // Choices of another size, as a budget in parameters may make them, have no place among these.
        var choices = chosen.Where(entry => entry.Mask.Dropped.Length == mask.Dropped.Length).GroupBy(entry => string.Join(' ', entry.Mask.Dropped)).ToList();
        double[] losses = Losses(probe, [.. choices.Select(choice => choice.First().Mask.Dropped), .. sample.Sets], column.Name, progress);
        return MaskRank.Of(
            column.Name,
            choices.Select((choice, i) => (choice.First().Mask.Dropped, Names(choice.Select(entry => entry.Cell)), losses[i])),
            losses[choices.Count..], sample.IsComplete);
    }

    private static double[] Losses(ModelProbe probe, IReadOnlyList<int[]> sets, string column, IStageProgress progress)
    {
        progress.Begin(column, sets.Count, "masks");
        var losses = new List<double>(sets.Count);
        foreach (int[][] some in sets.Chunk(SetsAtOnce))
        {
            losses.AddRange(probe.Losses(
                [.. some.Select(set => (bool[])[.. Enumerable.Range(0, probe.Layers).Select(layer => !set.Contains(layer))])], ProbeMetric.CrossEntropy));
            progress.Report(losses.Count);
        }
        progress.End();
        return [.. losses];
    }

    /// <summary>Arms, and which of their seeds where it was not all of them.</summary>
    private string Names(IEnumerable<StudyCell> cells) => string.Join(", ", cells.GroupBy(cell => cell.Arm.Name).Select(arm =>
        arm.Count() == study.Seeds.Count ? arm.Key : $"{arm.Key} (seed {string.Join(", ", arm.Select(cell => cell.Seed))})"));
}
