using System.Globalization;
using System.Text;

namespace E3Scale.Evaluation.Studies;

/// <summary>Where a choice of layers stands among others of the same size, without any recovery.</summary>
/// <param name="Column">Column of the study.</param>
/// <param name="Dropped">Layers that go.</param>
/// <param name="ChosenBy">Arms that chose it, with the seeds where not all did.</param>
/// <param name="Loss">Next-token loss on held-out text, nats.</param>
/// <param name="BetterShare">Share of the other sets that have a lower loss, 0 to 1.</param>
/// <param name="Compared">Sets it was compared with.</param>
/// <param name="IsComplete">Whether these are all there are.</param>
/// <param name="BestLoss">Lowest loss of them, nats.</param>
/// <param name="MedianLoss">Middle loss of them, nats.</param>
public sealed record MaskRank(
    string Column, IReadOnlyList<int> Dropped, string ChosenBy, double Loss, double BetterShare, int Compared, bool IsComplete, double BestLoss, double MedianLoss)
{
    /// <summary>Ranks choices by the losses of a sample of sets.</summary>
    /// <param name="column">Column of the study.</param>
    /// <param name="chosen">Each choice with those that made it and its loss.</param>
    /// <param name="losses">Losses of the sample, at least one.</param>
    /// <param name="isComplete">Whether the sample is all sets.</param>
    /// <returns>The best first.</returns>
    public static IReadOnlyList<MaskRank> Of(
        string column, IEnumerable<(int[] Dropped, string ChosenBy, double Loss)> chosen, IReadOnlyList<double> losses, bool isComplete)
    {
        double[] sorted = [.. losses.Order()];
        return
        [
            .. chosen.OrderBy(choice => choice.Loss).Select(choice => new MaskRank(
                column, choice.Dropped, choice.ChosenBy, choice.Loss, sorted.Count(loss => loss < choice.Loss) / (double)sorted.Length, sorted.Length,
                isComplete, sorted[0], sorted[sorted.Length / 2])),
        ];
    }

    /// <summary>Tables in Markdown, one for each column.</summary>
    /// <param name="ranks">Ranks of all columns.</param>
    public static string Markdown(IEnumerable<MaskRank> ranks)
    {
        var text = new StringBuilder("# Choices of layers before any recovery\n");
        foreach (var column in ranks.GroupBy(rank => rank.Column))
        {
            MaskRank any = column.First();
            text.Append(CultureInfo.InvariantCulture, $"\n## {column.Key}\n\nBeside {(any.IsComplete ? "all" : "a sample of")} {any.Compared} sets of as many layers: ");
            text.Append(CultureInfo.InvariantCulture, $"lowest held-out loss {any.BestLoss:0.0000}, median {any.MedianLoss:0.0000} nats.\n\n");
            text.Append("| layers dropped | chosen by | held-out loss, nats | sets that are better, % |\n| --- | --- | ---: | ---: |\n");
            foreach (MaskRank rank in column)
                text.Append(CultureInfo.InvariantCulture, $"| {string.Join(' ', rank.Dropped)} | {rank.ChosenBy} | {rank.Loss:0.0000} | {100 * rank.BetterShare:0.0} |\n");
        }
        return text.ToString();
    }
}
