using System.Runtime.InteropServices;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.LogitStore;
using E3Scale.MoE;

namespace E3Scale.Evaluation.Report;

/// <summary>Everything a report is made of. A stage that has not run leaves its part null or empty, and the report says so.</summary>
public sealed record ReportInput
{
    /// <summary>Name of the run.</summary>
    public required string Title { get; init; }

    /// <summary>Text of the recipe; null when it is not there.</summary>
    public string? Recipe { get; init; }

    /// <summary>Leave-one-out divergence of the layers.</summary>
    public ImportanceFile? Importance { get; init; }

    /// <summary>The mask over the steps of the search.</summary>
    public IReadOnlyList<TrajectoryPoint> Trajectory { get; init; } = [];

    /// <summary>The layers that were chosen.</summary>
    public MaskFile? Mask { get; init; }

    /// <summary>Training curve of the search.</summary>
    public IReadOnlyList<MetricsPoint> SearchMetrics { get; init; } = [];

    /// <summary>Training curve of the distillation.</summary>
    public IReadOnlyList<MetricsPoint> DistillMetrics { get; init; } = [];

    /// <summary>Evaluation of teacher, pruned model and student.</summary>
    public SummaryFile? Summary { get; init; }

    /// <summary>Manifest of the logit store.</summary>
    public StoreManifest? Store { get; init; }

    /// <summary>Hashes and versions, in the order they are shown. Default: this program's version and the runtime's.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Provenance { get; init; } =
    [
        new("E3Scale", ProgramVersion.Text),
        new("runtime", RuntimeInformation.FrameworkDescription),
    ];

    /// <summary>Reads a run folder.</summary>
    /// <param name="runDirectory">The folder; stages that have not run are left out.</param>
    /// <returns>What is there.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A file is there but damaged.</exception>
    /// <exception cref="LogitStoreException">The manifest of the store is damaged.</exception>
    public static ReportInput Load(string runDirectory)
    {
        if (!Directory.Exists(runDirectory))
            throw new DirectoryNotFoundException($"{runDirectory}: there is no such run folder");
        string recipe = In("recipe.yaml");
        var input = new ReportInput
        {
            Title = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(runDirectory))),
            Recipe = File.Exists(recipe) ? File.ReadAllText(recipe) : null,
            Importance = RunFileReader.ReadObject<ImportanceFile>(In("importance", "importance.json")),
            Trajectory = RunFileReader.ReadLines<TrajectoryPoint>(In("search", "trajectory.jsonl")),
            Mask = RunFileReader.ReadObject<MaskFile>(In("search", "mask.json")),
            SearchMetrics = RunFileReader.ReadLines<MetricsPoint>(In("search", "metrics.jsonl")),
            DistillMetrics = RunFileReader.ReadLines<MetricsPoint>(In("distill", "metrics.jsonl")),
            Summary = RunFileReader.ReadObject<SummaryFile>(In("eval", "summary.json")),
            Store = File.Exists(In("store", StoreManifest.FileName)) ? StoreManifest.Load(In("store")) : null,
        };
        input.EnsureConsistent(runDirectory);
        return input;

        string In(params string[] parts) => Path.Combine([runDirectory, .. parts]);
    }

    // The charts index arrays of different files by the same layer number.
    private void EnsureConsistent(string runDirectory)
    {
        if (Importance is not null && Importance.Kl.Count != Importance.Layers * Importance.Units.PerLayer())
            throw new InvalidDataException($"{runDirectory}/importance/importance.json: {Importance.Kl.Count} values for {Importance.Layers} layers, counted by {Importance.Units}");
        if (Mask is not null && Mask.Kept.Concat(Mask.Dropped).Concat(Mask.DroppedBranches.Misplaced(Mask.Layers)).Any(layer => layer < 0 || layer >= Mask.Layers))
            throw new InvalidDataException($"{runDirectory}/search/mask.json: a layer outside 0..{Mask.Layers - 1}");
        if (Importance is not null && Mask is not null && Importance.Layers != Mask.Layers)
            throw new InvalidDataException($"{runDirectory}: importance.json has {Importance.Layers} layers, mask.json {Mask.Layers}");
        foreach (var point in Trajectory)
        {
            int units = Mask is null ? Trajectory[0].Scores.Count : Mask.Layers * Mask.Units.PerLayer();
            if (point.Scores.Count != units || point.Kept.Count != units)
                throw new InvalidDataException($"{runDirectory}/search/trajectory.jsonl, step {point.Step}: not one score for each of {units} layers or branches");
        }
    }
}
