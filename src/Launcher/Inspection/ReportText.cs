using System.Globalization;
using E3Scale.Launcher.Planning;
using E3Scale.Launcher.Recipes;
using E3Scale.MoE;

namespace E3Scale.Launcher.Inspection;

/// <summary>A <see cref="ModelReport"/> for people.</summary>
internal static class ReportText
{
    private const int NamesShown = 5;
    private const int LabelWidth = 14;

    /// <summary>The whole report.</summary>
    public static string Draw(ModelReport report) =>
        string.Join("\n\n", new[] { Model(report), Parameters(report), Weights(report), Tokenizer(report), Advice(report) }) + "\n";

    private static string Model(ModelReport report)
    {
        LayerFacts layers = report.Layers;
        List<string> lines =
        [
            Line("config", report.Config),
            Line("architecture", report.Architecture),
            Line("sizes", $"hidden {report.HiddenSize}, vocabulary {report.VocabularySize}{(report.TiesEmbedding ? " (head tied to the embedding)" : "")}, " +
                $"context {report.MaxPositions}"),
            Line("layers", $"{layers.Count}: {Of(layers.Dense, "dense")}{(layers.Dense.Count > 0 && layers.Mixtures.Count > 0 ? ", " : "")}" +
                Of(layers.Mixtures, "mixtures of experts")),
            Line("attention", layers.Attention),
        ];
        if (layers.WithoutAttention.Count > 0)
            lines.Add(Line("", $"pruned: no attention in {Ranges(layers.WithoutAttention)}"));
        if (layers.WithoutMlp.Count > 0)
            lines.Add(Line("", $"pruned: no MLP in {Ranges(layers.WithoutMlp)}"));
        if (layers.DenseMlp is not null)
            lines.Add(Line("dense MLP", layers.DenseMlp));
        if (layers.Experts is not null)
            lines.Add(Line("experts", layers.Experts));
        if (layers.Prediction > 0)
            lines.Add(Line("prediction", $"{layers.Prediction} layer(s) of multi-token prediction, not loaded; export --keep-mtp carries them along"));
        return string.Join('\n', lines);
    }

    private static string Parameters(ModelReport report) => MarkdownTable.Draw(
        ["parameters", "total", "active per token"],
        [
            .. report.Parameters.Select(kind => Cells(RecipeSchema.Separate(kind.Kind.ToString(), ' '), kind.Total, kind.Active)),
            Cells("all", report.TotalParameters, report.ActiveParameters),
        ]).TrimEnd();

    private static string Weights(ModelReport report)
    {
        if (report.Weights is not { } weights)
            return Line("weights", "none: there is neither a model.safetensors nor its index, so only the config was looked at") +
                (report.HasPickledWeights ? "\n" + Line("", "PyTorch's .bin and .pt files are never read: convert them with transformers' save_pretrained") : "");
        string table = MarkdownTable.Draw(
            ["stored as", "tensors", "elements", "bytes"],
            [.. weights.ByType.Select(type => (IReadOnlyList<string>)[type.Key, Number(type.Value.Tensors), Number(type.Value.Elements), Number(type.Value.Bytes)])]);
        List<string> lines = [Line("files", $"{weights.FileCount}, {ByteSize.Format(weights.FileBytes)}")];
        if (weights.Fp8Blocks is { } blocks)
            lines.Add(Line("FP8", $"blocks of {blocks[0]} x {blocks[1]} with a scale each"));
        lines.AddRange(weights.ByRole.Where(role => role.Key != TensorRole.Weight).Select(role => Line("", $"{role.Value.Tensors} tensors {Describe(role.Key)}")));
        lines.Add(Names("missing", "tensors that the config asks for", weights.Missing));
        lines.Add(Names("misshapen", "tensors of another shape than the config asks for", weights.Misshapen));
        lines.Add(Names("unknown", "tensors that have no part in the model and are ignored", weights.Unknown));
        return $"{table}\n{string.Join('\n', lines)}";
    }

    private static string Tokenizer(ModelReport report) => report.Tokenizer is not { } tokenizer
        ? Line("tokenizer", report.TokenizerProblem!)
        : Line("tokenizer", $"{tokenizer.Kind} from {tokenizer.File}, {tokenizer.VocabularySize} ids, {tokenizer.SpecialTokenCount} special tokens") + "\n" +
            Line("", $"begin {tokenizer.Bos ?? "none"}, end {tokenizer.Eos ?? "none"}, padding {tokenizer.Pad ?? "none"}") + "\n" +
            Line("", tokenizer.HasChatTemplate ? "with a chat template" : "without a chat template") +
            (tokenizer.VocabularySize > report.VocabularySize
                ? "\n" + Line("", $"ids up to {tokenizer.VocabularySize - 1}, but the embedding has {report.VocabularySize} rows: it is another model's tokenizer")
                : "");

    private static string Advice(ModelReport report)
    {
        ModelAdvice advice = report.Advice;
        List<string> lines =
        [
            Line("pruning", advice.Candidates.Count > 0
                ? $"candidates are layers {Ranges(advice.Candidates)}; with search.protect_ends: false, the first and the last too"
                : "none, unless search.protect_ends is false: the first and the last layer stay"),
            Line("weights", "in memory, over all ranks: " + string.Join(", ", advice.WeightBytes.Select(type => $"{ByteSize.Format(type.Value)} as {type.Key}"))),
        ];
        if (advice.Dequantizes)
            lines.Add(Line("", "FP8 weights are widened on loading; with adapters, train.lora.base_dtype: fp8 keeps them as they are"));
        lines.Add(Line("training", $"train.adapter: {EnumNames.Of(advice.Adapter)}. Weights, gradients and optimiser states take " +
            $"{ByteSize.Format(advice.FullTrainingBytes)} in full, {ByteSize.Format(advice.LoraTrainingBytes)} with adapters, in bfloat16, activations not counted"));
        if (report.Weights is { IsComplete: false })
            lines.Add(Line("problem", "the model cannot be loaded as it is: download what is missing or misshapen again"));
        lines.AddRange(advice.Commands.Select((command, i) => Line(i == 0 ? "next" : "", command)));
        return string.Join('\n', lines);
    }

    private static string Names(string label, string what, IReadOnlyList<string> names) => names.Count == 0
        ? Line(label, "none")
        : Line(label, $"{names.Count} {what}: {string.Join(", ", names.Take(NamesShown))}{(names.Count > NamesShown ? ", ..." : "")}");

    private static string Describe(TensorRole role) => role switch
    {
        TensorRole.Scale => "are scales, read with their weights",
        TensorRole.Prediction => "are of multi-token prediction",
        _ => "are rotary tables, computed instead of read",
    };

    private static string Of(IReadOnlyList<int> layers, string what) => layers.Count == 0 ? "" : $"{layers.Count} {what} ({Ranges(layers)})";

    /// <summary>Ascending numbers as 0-2, 5, 7-9.</summary>
    internal static string Ranges(IReadOnlyList<int> numbers) => string.Join(", ", numbers
        .Select((number, i) => (number, start: number - i))
        .GroupBy(item => item.start, item => item.number)
        .Select(run => run.First() == run.Last() ? $"{run.First()}" : $"{run.First()}-{run.Last()}"));

    private static IReadOnlyList<string> Cells(string name, long total, long active) => [name, Number(total), Number(active)];

    private static string Line(string label, string text) => label.PadRight(LabelWidth) + text;

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
