namespace E3Scale.Pruner.Selection;

/// <summary>Drops neighbouring layers: the cut that leaves the best model, found by trying every place.</summary>
internal static class ContiguousSelection
{
    /// <summary>Chooses; of equal places the later.</summary>
    /// <param name="probe">The teacher.</param>
    /// <param name="target">How many, and which not.</param>
    /// <param name="metric">The judge.</param>
    /// <exception cref="ArgumentException">Protected layers leave no place for the cut.</exception>
    public static LayerSelection Run(ILayerProbe probe, SelectionTarget target, ProbeMetric metric)
    {
        int[] starts = Starts(probe.Layers, target);
        int best = starts.MinBy(start => (probe.Loss(AllLayers.Without(probe.Layers, Enumerable.Range(start, target.Drop)), metric), -start));
        return LayerSelection.Of(Enumerable.Range(best, target.Drop), probe.Layers);
    }

    /// <summary>First layers of every possible cut.</summary>
    public static int[] Starts(int layers, SelectionTarget target)
    {
        int[] candidates = target.Candidates(layers);
        int[] starts = [.. candidates.Where(start => Enumerable.Range(start, target.Drop).All(candidates.Contains))];
        return starts.Length > 0 ? starts : throw new ArgumentException($"no {target.Drop} neighbouring layers of {layers} are free to go");
    }
}
