using E3Scale.Pruner.Selection;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Compensation;

/// <summary>
/// Prune&amp;Comp: layer by layer in the order of the selection, measures how much larger the residual stream is behind the layer than before it, in
/// the model as it is by then, scales what comes before it, and drops it.
/// </summary>
/// <remarks>
/// arXiv 2507.18212: a = mean over channels of the mean over sequences of (mean over positions of |x behind| / mean of |x before|). One pass over the
/// calibration text for each layer.
/// </remarks>
internal static class PruneAndComp
{
    /// <summary>Measures; the model's weights are scaled on the way. Collective over the world.</summary>
    /// <param name="model">The model with all of its layers; its weights change.</param>
    /// <param name="probe">Runs it on the calibration text.</param>
    /// <param name="sequences">Numbers of the calibration sequences.</param>
    /// <param name="dropOrder">Layers that go, first to last.</param>
    /// <param name="afterLayer">Told how many layers are done.</param>
    /// <returns>The factor of each.</returns>
    public static double[] Measure(ShardedModel model, ModelProbe probe, long[] sequences, int[] dropOrder, Action<int> afterLayer)
    {
        bool[] isKept = AllLayers.Kept(model.Config.LayerCount);
        var scales = new double[dropOrder.Length];
        for (int i = 0; i < dropOrder.Length; i++)
        {
            int dropped = dropOrder[i];
            var magnitudes = new StreamMagnitudes(sequences, model.Config.HiddenSize);
            probe.Observe(isKept, (batch, layer, input_BTH, output_BTH) =>
            {
                if (layer != dropped)
                    return;
                magnitudes.AddBefore(batch, input_BTH);
                magnitudes.AddBehind(batch, output_BTH);
            });
            scales[i] = magnitudes.MeanRatios(model.Mesh.World).Average();
            ResidualScaling.Of(isKept.Length, [(dropped, scales[i])]).ScaleWeights(model);
            isKept[dropped] = false;
            afterLayer(i + 1);
        }
        return scales;
    }
}
