using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;

namespace E3Scale.Evaluation.Report.Sections;

/// <summary>Which layers were dropped, and what each is worth by itself.</summary>
internal static class LayersSection
{
    public static void Write(MarkupBuilder markup, ReportInput input)
    {
        markup.BeginSection("Layers");
        HashSet<int> dropped = [.. input.Mask?.Dropped ?? input.Summary?.DroppedLayers ?? []];
        int? layers = input.Mask?.Layers ?? input.Summary?.Teacher.Layers;
        if (layers is > 0 && (input.Mask is not null || input.Summary is not null))
        {
            markup.BeginFigure(dropped.Count == 0 ? "No layer was dropped" : $"Dropped: {string.Join(", ", dropped.Order())}");
            LayerStrip.Draw(markup, layers.Value, dropped, input.Summary?.DenseLayers);
            markup.EndFigure("Layers of the teacher by their original index, first to last.");
        }
        else
        {
            markup.Note("There is neither search/mask.json nor eval/summary.json: no layers were chosen yet.");
        }
        WriteImportance(markup, input.Importance, dropped, [.. input.Mask?.Protected ?? input.Importance?.Protected ?? []]);
        markup.End();
    }

    private static void WriteImportance(MarkupBuilder markup, ImportanceFile? importance, HashSet<int> dropped, HashSet<int> protectedLayers)
    {
        if (importance is null || importance.Layers == 0)
        {
            markup.Note("There is no importance/importance.json: the importance stage has not run.");
            return;
        }
        markup.BeginFigure("Leave-one-out divergence");
        new BarChart
        {
            Description = "KL divergence of the teacher from the teacher without one layer, for each layer",
            XTitle = "layer left out",
            YTitle = "KL, nats per token",
            Bars = [.. importance.Kl.Select((kl, layer) => Bar(dropped, protectedLayers, layer, kl))],
        }.Draw(markup);
        markup.EndFigure($"Mean KL(teacher, teacher without the layer) over {ChartText.Count(importance.CalibrationSequences)} calibration sequences, {ChartText.Count(importance.Tokens)} tokens. " +
            "The scores of the search start from it; layers that are each cheap to lose may still be dear to lose together.");
    }

    private static (string Category, double Value, string Name, string Style) Bar(HashSet<int> dropped, HashSet<int> protectedLayers, int layer, double kl)
    {
        (string name, string style) = dropped.Contains(layer) ? ("dropped", "dropped")
            : protectedLayers.Contains(layer) ? ("protected", "protected") : ("kept", "kept");
        return ($"{layer}", kl, name, style);
    }
}
