using E3Scale.Pruner.Merging;

namespace E3Scale.Pruner.Selection;

/// <summary>What calibration text says about a model and its parts. Nothing is trained. Collective over the mesh.</summary>
public interface ILayerProbe
{
    /// <summary>Layers of the teacher.</summary>
    int Layers { get; }

    /// <summary>Batches of calibration text, numbered from 0: what <see cref="Loss"/> can be restricted to.</summary>
    int Batches { get; }

    /// <summary>Positions of a batch; the last one may have fewer.</summary>
    long TokensPerBatch { get; }

    /// <summary>What the weights and gradients of them say; for methods with <see cref="ILayerSelector.NeedsGradients"/> or that look at no text.</summary>
    IWeightProbe Weights { get; }

    /// <summary>Merges layers, for methods that do.</summary>
    IMergeProbe Merges { get; }

    /// <summary>1 - mean over tokens of cos(x_l, x_{l+1}) for every kept layer l, in the model of the kept layers.</summary>
    /// <param name="isKept">[L].</param>
    /// <returns>[L]; NaN for layers that are not kept.</returns>
    double[] BlockInfluence(IReadOnlyList<bool> isKept);

    /// <summary>How bad the model of the kept layers is.</summary>
    /// <param name="isKept">[L].</param>
    /// <param name="metric">The judge.</param>
    /// <param name="batches">Batches to judge on; null for all. <see cref="ProbeMetric.Task"/> has its own text.</param>
    double Loss(IReadOnlyList<bool> isKept, ProbeMetric metric, IReadOnlyList<int>? batches = null);

    /// <summary>How bad each of several models is, on the same batches; the teacher runs once for all of them.</summary>
    /// <param name="models">Kept layers of each model, [L] each.</param>
    /// <param name="metric">The judge.</param>
    /// <param name="batches">Batches to judge on; null for all.</param>
    /// <returns>[models.Count].</returns>
    double[] Losses(IReadOnlyList<bool[]> models, ProbeMetric metric, IReadOnlyList<int>? batches = null);

    /// <summary>How bad the model of the kept layers gets without one more, for each of some layers; the prefix is computed once.</summary>
    /// <param name="isKept">[L].</param>
    /// <param name="layers">Kept layers to leave out, one at a time; ascending.</param>
    /// <param name="metric">The judge.</param>
    /// <returns>[layers.Count].</returns>
    double[] LossWithoutEach(IReadOnlyList<bool> isKept, IReadOnlyList<int> layers, ProbeMetric metric);
}
