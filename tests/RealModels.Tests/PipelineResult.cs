using System.Text.Json;

namespace E3Scale.RealModels.Tests;

/// <summary>What was run, and what it came to.</summary>
internal sealed record PipelineResult
{
    /// <summary>Folder below the reference data's models.</summary>
    public string Model { get; init; } = "";

    /// <summary>Pipeline x expert x data.</summary>
    public string Mesh { get; init; } = "";

    /// <summary>Whether the first and the last layer had to stay.</summary>
    public bool ProtectsEnds { get; init; }

    /// <summary>Layers that had to be found; none when the right answer is not known.</summary>
    public IReadOnlyList<int> Inserted { get; init; } = [];

    /// <summary>Layers that the search dropped.</summary>
    public required IReadOnlyList<int> Dropped { get; init; }

    /// <summary>Loss of the teacher on held-out text, nats per token.</summary>
    public required double TeacherLoss { get; init; }

    /// <summary>The same of the teacher without the dropped layers.</summary>
    public required double PrunedLoss { get; init; }

    /// <summary>The same of the student.</summary>
    public required double StudentLoss { get; init; }

    /// <summary>Share of positions whose likeliest token is the teacher's, student.</summary>
    public required double Agreement { get; init; }

    /// <summary>Wall clock of the whole run.</summary>
    public double Seconds { get; init; }

    /// <summary>Reads the summary of a run folder.</summary>
    public static PipelineResult Read(string runFolder)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(runFolder, "eval", "summary.json")));
        JsonElement summary = file.RootElement;
        double Loss(string model) => summary.GetProperty(model).GetProperty("heldout_loss").GetDouble();
        return new PipelineResult
        {
            Dropped = [.. summary.GetProperty("dropped_layers").EnumerateArray().Select(layer => layer.GetInt32())],
            TeacherLoss = Loss("teacher"),
            PrunedLoss = Loss("pruned"),
            StudentLoss = Loss("student"),
            Agreement = summary.GetProperty("student").GetProperty("agreement_top1").GetDouble(),
        };
    }
}
