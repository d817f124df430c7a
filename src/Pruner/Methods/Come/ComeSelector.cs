using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Come;

/// <summary>
/// CoMe (arXiv 2510.15304): the two neighbours whose input and common output differ least in direction are merged into one layer, measured
/// anew after each merge. The merged layer keeps the number of the first. The compensation <c>concatenate</c> merges them again for the
/// student.
/// </summary>
/// <remarks>
/// A merged layer is not merged again as long as there are two others ("wo_repeat"); where there are not, which the paper leaves open, it
/// is. Protected layers take no part.
/// </remarks>
/// <param name="options">How the channels are shared out.</param>
public sealed class ComeSelector(ComeOptions options) : ILayerSelector
{
    // Shares that are tried: 0, 1/20, ... 1.
    private const int ShareSteps = 20;

    /// <inheritdoc/>
    public string Name => "come";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => (long)target.Drop * (options.SearchesShare ? ShareSteps + 2 : 1);

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        _ = target.Candidates(probe.Layers); // refuses a target that cannot be reached
        bool[] isKept = AllLayers.Kept(probe.Layers), isMerged = new bool[probe.Layers];
        var merges = new List<LayerMerge>();
        while (merges.Count < target.Drop)
        {
            var measures = probe.Merges.Measure(isKept);
            var (into, layer) = ChoosePair(measures.PairScores, isKept, isMerged, target);
            var merge = new LayerMerge
            {
                Layer = layer,
                Into = into,
                Share = measures.ShareOf(into, layer),
                PairScore = measures.PairScores[into],
            };
            if (options.SearchesShare)
                merge = Enumerable.Range(0, ShareSteps + 1)
                    .Select(step => merge with { Share = (double)step / ShareSteps })
                    .MinBy(candidate => probe.Merges.LossAfter(isKept, candidate, measures))!;
            probe.Merges.Merge(merge, measures);
            merges.Add(merge);
            isKept[layer] = false;
            isMerged[into] = true;
        }
        return new LayerSelection([.. merges.Select(merge => merge.Layer)], [.. isKept.Select(kept => kept ? 1.0 : 0.0)])
        {
            Merges = merges,
        };
    }

    /// <summary>The two neighbours of the lowest score; of equal ones the lower.</summary>
    private static (int First, int Second) ChoosePair(double[] scores, bool[] isKept, bool[] isMerged, SelectionTarget target)
    {
        int[] layers = [.. Enumerable.Range(0, isKept.Length).Where(layer => isKept[layer])];
        (int First, int Second)[] pairs =
        [
            .. layers.Zip(layers.Skip(1)).Where(pair => !double.IsNaN(scores[pair.First])
                && !target.ProtectedLayers.Contains(pair.First) && !target.ProtectedLayers.Contains(pair.Second)),
        ];
        (int First, int Second)[] untouched = [.. pairs.Where(pair => !isMerged[pair.First] && !isMerged[pair.Second])];
        if (pairs.Length == 0)
            throw new ArgumentException(
                $"{target.Drop} layers to drop, but no two neighbours are left that may be merged; keep more layers");
        return (untouched.Length > 0 ? untouched : pairs).MinBy(pair => scores[pair.First]);
    }
}
