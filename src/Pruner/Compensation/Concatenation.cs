using E3Scale.Pruner.Merging;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Compensation;

/// <summary>
/// CoMe's concatenation: each dropped layer leaves its most sensitive channels to a layer that stays. One pass over the calibration text
/// for each layer, in the model as the merges before it left it.
/// </summary>
/// <remarks>
/// Where the selection merged layers itself, its merges are done again with its shares; otherwise [ours] each dropped layer goes into the
/// nearest one that stays, of two the lower, by the shares of their block influence.
/// </remarks>
internal static class Concatenation
{
    /// <summary>Merges; the model's weights change on the way. Collective over the world.</summary>
    /// <param name="probe">The model with all of its layers.</param>
    /// <param name="mask">Which of them go.</param>
    /// <param name="dropOrder">In which order.</param>
    /// <param name="afterLayer">Told how many layers are done.</param>
    /// <returns>What was merged into what.</returns>
    /// <exception cref="StageInputException">The merges of the mask are not those of its dropped layers, or there is no layer to merge one
    /// into.</exception>
    public static LayerMerge[] Measure(MergeProbe probe, MaskResult mask, int[] dropOrder, Action<int> afterLayer)
    {
        bool[] isKept = AllLayers.Kept(mask.Layers);
        var merges = new LayerMerge[dropOrder.Length];
        for (int i = 0; i < merges.Length; i++)
        {
            int layer = dropOrder[i];
            var measures = probe.Measure(isKept);
            if (mask.Merges.Length > 0)
            {
                merges[i] = Recorded(mask, i, layer, isKept);
            }
            else
            {
                int into = Nearest(probe, mask, layer);
                merges[i] = new LayerMerge { Layer = layer, Into = into, Share = measures.ShareOf(into, layer) };
            }
            probe.Merge(merges[i], measures);
            isKept[layer] = false;
            afterLayer(i + 1);
        }
        return merges;
    }

    private static LayerMerge Recorded(MaskResult mask, int place, int layer, bool[] isKept)
    {
        var merge = mask.Merges.ElementAtOrDefault(place);
        bool isPossible = merge is { Share: >= 0 and <= 1 } && merge.Layer == layer && merge.Into != layer
            && merge.Into >= 0 && merge.Into < isKept.Length && isKept[merge.Into];
        return isPossible
            ? merge!
            : throw new StageInputException(
                $"mask.json, merges: number {place} is not a merge of layer {layer}, the one that drop_order names, into a layer that is still " +
                "there, with a share from 0 to 1. Run the search stage again, or take merges out of the file.");
    }

    private static int Nearest(MergeProbe probe, MaskResult mask, int layer)
    {
        int[] kept = [.. mask.Kept.Where(into => probe.CanMerge(layer, into))];
        return kept.Length > 0
            ? kept.MinBy(into => (Math.Abs(into - layer), into))
            : throw new StageInputException(
                $"concatenate: no layer that stays attends to as many positions as layer {layer}. Take another compensation.");
    }
}
