using E3Scale.Pruner.Importance;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>Which measured importance the scores of a search start from.</summary>
/// <param name="Field">Its field in importance.json.</param>
/// <param name="Values">Importance of every layer, or branch; larger means more important.</param>
public sealed record StartingImportance(string Field, double[] Values)
{
    /// <summary>Takes the one that the options name, or decides by the damage.</summary>
    /// <param name="options">The search's settings.</param>
    /// <param name="importance">What was measured.</param>
    /// <param name="schedule">Which layers scores let go.</param>
    /// <exception cref="StageInputException">The file lacks it.</exception>
    public static StartingImportance Of(SearchOptions options, ImportanceResult importance, IDropSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(importance);
        ArgumentNullException.ThrowIfNull(schedule);
        StartingImportance single = new("kl", importance.Kl);
        StartingImportance Greedy() => new("kl_greedy", importance.GreedyKl ?? throw Missing(options, "greedy divergence (field kl_greedy)"));
        StartingImportance Influence() => new("bi", importance.BlockInfluence ?? throw Missing(options, "block influence (field bi)"));
        return options.Importance switch
        {
            _ when options.Scores.Method == ScoreInitializationMethod.Zeros => single, // of which nothing is read
            ImportanceMeasure.Kl => single,
            ImportanceMeasure.GreedyKl => Greedy(),
            ImportanceMeasure.BlockInfluence => Influence(),
            ImportanceMeasure.ByDamage => Damage(Greedy().Values, schedule, options.Steps) <= options.TolerableDamage ? Greedy() : Influence(),
            _ => throw new InvalidOperationException($"{options.Importance} is no importance"),
        };
    }

    /// <summary>KL(teacher || teacher without all that greedy divergences let go), before anything is trained, in nats; 0 where nothing goes.</summary>
    private static double Damage(double[] greedy, IDropSchedule schedule, int steps)
    {
        bool[] kept = schedule.KeptAt(greedy, steps - 1);
        return greedy.Where((_, unit) => !kept[unit]).DefaultIfEmpty(0).Max();
    }

    private static StageInputException Missing(SearchOptions options, string what) =>
        new($"{options.ImportanceFile}: no {what}, which the scores are to start from. Run the importance stage again.");
}
