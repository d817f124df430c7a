using System.Globalization;

namespace E3Scale.Evaluation.Tasks;

/// <summary>A choice task on one model: items to requests, log-likelihoods to figures.</summary>
internal static class ChoiceRun
{
    /// <summary>The texts of every item, few-shot prompts included.</summary>
    /// <param name="task">The task.</param>
    /// <param name="options">Folder, limit, shots.</param>
    /// <exception cref="TaskException">A file is missing or damaged.</exception>
    public static ChoiceSet Prepare(ChoiceTask task, TaskOptions options)
    {
        string path = TaskFile.Find(options.TasksFolder, task.Files, task.Name);
        int shots = options.Shots ?? task.DefaultShots;
        IReadOnlyList<ChoiceItem> pool = shots == 0
            ? []
            : [.. TaskFile.Read(TaskFile.Find(options.TasksFolder, task.ShotFiles, $"{task.Name} with {shots} shots")).Select(task.Read)];
        var sampler = new ShotSampler(pool, shots, task.ShotSelection);
        IEnumerable<ChoiceItem> items = TaskFile.Read(path).Select(task.Read);
        if (options.Limit > 0)
            items = items.Take(options.Limit);
        return new ChoiceSet(Path.GetFileName(path), shots, [.. items.Select(item => (item, sampler.Before(item, task.Name)))]);
    }

    /// <summary>Figures from the log-likelihoods of all requests.</summary>
    /// <param name="task">The task.</param>
    /// <param name="set">Its items.</param>
    /// <param name="logLikelihoods">By request, in the order of <see cref="ChoiceSet.Requests"/>.</param>
    public static TaskResult Judge(ChoiceTask task, ChoiceSet set, ReadOnlySpan<double> logLikelihoods)
    {
        var records = new List<TaskItemResult>();
        List<bool> isRight = [], isRightNormalized = [];
        int first = 0;
        for (int i = 0; i < set.Items.Count; i++)
        {
            ChoiceItem item = set.Items[i].Item;
            double[] sums = logLikelihoods.Slice(first, item.Continuations.Count).ToArray();
            first += sums.Length;
            int best = Best(sums), bestNormalized = Best([.. sums.Select((sum, c) => sum / Characters(item.Continuations[c]))]);
            isRight.Add(best == item.Gold);
            isRightNormalized.Add(bestNormalized == item.Gold);
            int answer = task.Metric == "acc" ? best : bestNormalized;
            records.Add(new TaskItemResult
            {
                Index = i,
                IsRight = answer == item.Gold,
                Gold = item.Gold.ToString(CultureInfo.InvariantCulture),
                Answer = answer.ToString(CultureInfo.InvariantCulture),
                LogLikelihoods = sums,
            });
        }
        return new TaskResult
        {
            Task = task.Name,
            File = set.File,
            Items = set.Items.Count,
            Shots = set.Shots,
            Metric = task.Metric,
            Accuracy = Share(isRight),
            NormalizedAccuracy = task.HasNormalizedAccuracy ? Share(isRightNormalized) : null,
            Groups = Groups(set, isRight),
            Records = records,
        };
    }

    /// <summary>The first of the largest.</summary>
    private static int Best(double[] values) => Array.IndexOf(values, values.Max());

    /// <summary>Length of a choice as Python counts it: characters, not tokens and not halves of surrogate pairs.</summary>
    private static int Characters(string text) => Math.Max(1, text.EnumerateRunes().Count());

    private static double Share(List<bool> isRight) => (double)isRight.Count(right => right) / isRight.Count;

    private static Dictionary<string, GroupResult>? Groups(ChoiceSet set, List<bool> isRight)
    {
        if (set.Items[0].Item.Group is null)
            return null;
        return set.Items.Zip(isRight).GroupBy(pair => pair.First.Item.Group!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => new GroupResult(Share([.. group.Select(pair => pair.Second)]), group.Count()), StringComparer.Ordinal);
    }
}

/// <summary>A choice task's items with what stands before each.</summary>
/// <param name="File">Where they are from.</param>
/// <param name="Shots">Solved items before each.</param>
/// <param name="Items">Items, and description and shots as text.</param>
internal sealed record ChoiceSet(string File, int Shots, IReadOnlyList<(ChoiceItem Item, string Before)> Items)
{
    /// <summary>Every choice of every item: what stands before it, and itself after a space.</summary>
    public IEnumerable<(string Context, string Continuation)> Requests =>
        Items.SelectMany(entry => entry.Item.Contexts.Zip(entry.Item.Continuations, (context, choice) => (entry.Before + context, " " + choice)));
}
