using E3Scale.Evaluation.Report.Charts;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.MoE;

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
            markup.EndFigure("Layers of the teacher by their original index, first to last." + Halves(input.Mask?.DroppedBranches ?? DroppedBranches.None));
        }
        else
        {
            markup.Note("There is neither search/mask.json nor eval/summary.json: no layers were chosen yet.");
        }
        WriteImportance(markup, input.Importance, input.Mask, [.. input.Mask?.Protected ?? input.Importance?.Protected ?? []]);
        markup.End();
    }

    private static void WriteImportance(MarkupBuilder markup, ImportanceFile? importance, MaskFile? mask, HashSet<int> protectedLayers)
    {
        if (importance is null || importance.Layers == 0)
        {
            markup.Note("There is no importance/importance.json: the importance stage has not run.");
            return;
        }
        string unit = importance.Units == PruningUnits.Branches ? "branch" : "layer";
        markup.BeginFigure("Leave-one-out divergence");
        new BarChart
        {
            Description = $"KL divergence of the teacher from the teacher without one {unit}, for each {unit}",
            XTitle = unit == "layer" ? "layer left out" : "branch left out: attention (a) or MLP (m) of a layer",
            YTitle = "KL, nats per token",
            Bars = [.. importance.Kl.Select((kl, i) => Bar(mask, protectedLayers, importance.Units, i, kl))],
        }.Draw(markup);
        markup.EndFigure($"Mean KL(teacher, teacher without the {unit}) over {ChartText.Count(importance.CalibrationSequences)} calibration sequences, {ChartText.Count(importance.Tokens)} tokens. " +
            "The scores of the search start from it; what is cheap to lose by itself may still be dear to lose together with others.");
    }

    private static (string Category, double Value, string Name, string Style) Bar(
        MaskFile? mask, HashSet<int> protectedLayers, PruningUnits units, int unit, double kl)
    {
        int layer = units.LayerOf(unit);
        bool stays = mask is null || (!mask.Dropped.Contains(layer) && (mask.DroppedBranches.LeftOf(layer) & units.BranchesOf(unit)) != 0);
        (string name, string style) = !stays ? ("dropped", "dropped")
            : protectedLayers.Contains(layer) ? ("protected", "protected") : ("kept", "kept");
        return (UnitLabel.Of(units, unit), kl, name, style);
    }

    private static string Halves(DroppedBranches dropped) =>
        Half("attention", dropped.Attention) + Half("MLP", dropped.Mlp);

    private static string Half(string branch, IReadOnlyList<int> layers) =>
        layers.Count == 0 ? "" : $" Kept without {branch}: {string.Join(", ", layers)}.";
}
