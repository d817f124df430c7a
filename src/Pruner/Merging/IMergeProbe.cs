using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Merging;

/// <summary>
/// A model whose layers are merged one after the other, each merge measured in what the ones before it left. The weights in memory change
/// for good; the teacher's files do not. Collective over the mesh.
/// </summary>
public interface IMergeProbe
{
    /// <summary>Measures the model as it is.</summary>
    /// <param name="isKept">[L].</param>
    MergeMeasures Measure(IReadOnlyList<bool> isKept);

    /// <summary>Mean next-token loss of the model after a merge; the merge is taken back.</summary>
    /// <param name="isKept">[L], with both layers.</param>
    /// <param name="merge">Which layers, and the share.</param>
    /// <param name="measures">Measured in the model as it is.</param>
    double LossAfter(IReadOnlyList<bool> isKept, LayerMerge merge, MergeMeasures measures);

    /// <summary>Merges two layers. The one that goes is left as it is, and left out by whoever calls the probe.</summary>
    /// <param name="merge">Which layers, and the share.</param>
    /// <param name="measures">Measured in the model as it is.</param>
    void Merge(LayerMerge merge, MergeMeasures measures);
}
