namespace E3Scale.Evaluation.Tasks;

/// <summary>The solved items before each question of a task. To be asked for every question once, in the order of the file.</summary>
/// <param name="pool">Solved items to choose from, in the order of their file; empty when no shots are asked for.</param>
/// <param name="shots">How many stand before a question.</param>
/// <param name="selection">How they are chosen.</param>
internal sealed class ShotSampler(IReadOnlyList<ChoiceItem> pool, int shots, ShotSelection selection)
{
    private const uint HarnessSeed = 1234;
    private readonly PythonRandom _random = new(HarnessSeed);

    /// <summary>Description and solved items, up to where the question begins.</summary>
    /// <param name="item">The question.</param>
    /// <param name="task">For the message.</param>
    /// <exception cref="TaskException">The pool is too small.</exception>
    public string Before(ChoiceItem item, string task)
    {
        if (shots == 0)
            return item.Description;
        int drawn = selection == ShotSelection.SampledOneMore ? shots + 1 : shots;
        var candidates = selection == ShotSelection.FirstOfGroup ? [.. pool.Where(other => other.Group == item.Group)] : pool;
        if (candidates.Count < drawn)
            throw new TaskException(
                $"{task}: {shots} shots need {drawn} solved items{(item.Group is null ? "" : $" of {item.Group}")} to choose from, the file has {candidates.Count}.");
        var chosen = selection == ShotSelection.FirstOfGroup ? candidates.Take(shots) : _random.Sample(candidates.Count, drawn).Select(i => candidates[i]);
        return item.Description + string.Concat(chosen.Where(shot => !shot.IsSameAs(item)).Take(shots).Select(shot => shot.Solved + "\n\n"));
    }
}
