using System.Text.Json;

namespace E3Scale.RealModels.Tests;

/// <summary>What a run came to.</summary>
/// <param name="Case">What was run.</param>
/// <param name="Dropped">Layers that the search dropped.</param>
/// <param name="TeacherLoss">Loss of the teacher on held-out text, nats per token.</param>
/// <param name="PrunedLoss">The same of the teacher without the dropped layers.</param>
/// <param name="StudentLoss">The same of the student.</param>
/// <param name="Agreement">Share of positions whose likeliest token is the teacher's, student.</param>
/// <param name="Seconds">Wall clock of the whole run.</param>
internal sealed record PipelineResult(
    PipelineCase Case, IReadOnlyList<int> Dropped, double TeacherLoss, double PrunedLoss, double StudentLoss, double Agreement, double Seconds)
{
    public static PipelineResult Read(PipelineCase run, string folder, double seconds)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "eval", "summary.json")));
        JsonElement summary = file.RootElement;
        double Loss(string model) => summary.GetProperty(model).GetProperty("heldout_loss").GetDouble();
        return new PipelineResult(
            run, [.. summary.GetProperty("dropped_layers").EnumerateArray().Select(layer => layer.GetInt32())],
            Loss("teacher"), Loss("pruned"), Loss("student"), summary.GetProperty("student").GetProperty("agreement_top1").GetDouble(), seconds);
    }
}
