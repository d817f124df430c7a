using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.ShortenedLlama;

/// <summary>
/// The "+" of Shortened-LLaMA's Taylor+ and Magnitude+ (arXiv 2402.02834): the first four and the last two layers stay, because scores of weights
/// underrate them. A model too shallow for that loses them last.
/// </summary>
internal static class EdgeLayers
{
    private const int First = 4, Last = 2;

    /// <summary>Layers with the smallest scores go, those at the edges only when no others are left; of equal ones the higher layer.</summary>
    /// <param name="scores">[L]; larger means keep.</param>
    /// <param name="target">How many, and which not.</param>
    public static LayerSelection Spare(double[] scores, SelectionTarget target)
    {
        int[] candidates = target.Candidates(scores.Length);
        int[] order =
        [
            .. candidates.OrderBy(IsEdge).ThenBy(layer => scores[layer]).ThenByDescending(layer => layer).Take(target.Drop),
        ];
        return new LayerSelection(order, scores) { Spared = [.. candidates.Where(IsEdge).Except(order)] };

        bool IsEdge(int layer) => layer < First || layer >= scores.Length - Last;
    }
}
