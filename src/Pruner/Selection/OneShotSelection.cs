namespace E3Scale.Pruner.Selection;

/// <summary>Drops the layers whose single removals cost least, all at once.</summary>
internal static class OneShotSelection
{
    /// <summary>Chooses; of equal layers the higher goes.</summary>
    /// <param name="probe">The teacher.</param>
    /// <param name="target">How many, and which not.</param>
    /// <param name="metric">The judge.</param>
    /// <returns>Scores are the losses without each layer; 0 for protected ones, which are not measured.</returns>
    public static LayerSelection Run(ILayerProbe probe, SelectionTarget target, ProbeMetric metric)
    {
        int[] candidates = target.Candidates(probe.Layers);
        double[] losses = probe.LossWithoutEach(AllLayers.Kept(probe.Layers), candidates, metric), scores = new double[probe.Layers];
        for (int i = 0; i < candidates.Length; i++)
            scores[candidates[i]] = losses[i];
        return LayerSelection.BySmallest(scores, target);
    }
}
