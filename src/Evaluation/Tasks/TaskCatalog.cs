namespace E3Scale.Evaluation.Tasks;

/// <summary>Every benchmark task by its name.</summary>
public static class TaskCatalog
{
    private static readonly BenchmarkTask[] s_all =
    [
        new SciQTask(), new PiqaTask(), new WinoGrandeTask(), ArcTask.Easy, ArcTask.Challenge, new HellaSwagTask(), new LogiQaTask(), new BoolQTask(),
        new MmluTask(), new Gsm8kTask(), new Math500Task(), AimeTask.Aime24, AimeTask.Aime25,
    ];

    /// <summary>Names in the order of the paper's tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(task => task.Name)];

    /// <summary>A task by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="TaskException">There is no such task.</exception>
    public static BenchmarkTask Named(string name) => Array.Find(s_all, task => task.Name == name)
        ?? throw new TaskException($"there is no task {name}; there are {string.Join(", ", Names)}");
}
