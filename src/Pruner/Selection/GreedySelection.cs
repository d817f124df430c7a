namespace E3Scale.Pruner.Selection;

/// <summary>Drops one layer at a time: the one without which the model that is left is best.</summary>
internal static class GreedySelection
{
    /// <summary>Chooses; of equal layers the higher goes.</summary>
    /// <param name="layers">Layers of the teacher, or what else is left out.</param>
    /// <param name="target">How many, and which not.</param>
    /// <param name="costs">
    /// What leaving out each of some layers, ascending, costs the model of the kept ones: as many numbers as layers; the least goes.
    /// </param>
    /// <returns>The order, and for every dropped layer what it cost; layers that stay have what they would have cost in the last round.</returns>
    public static LayerSelection Run(int layers, SelectionTarget target, Func<bool[], int[], double[]> costs)
    {
        int[] left = target.Candidates(layers);
        bool[] isKept = AllLayers.Kept(layers);
        var order = new List<int>();
        var scores = new double[layers];
        while (order.Count < target.Drop)
        {
            double[] cost = costs(isKept, left);
            int best = Enumerable.Range(0, left.Length).MinBy(i => (cost[i], -left[i]));
            for (int i = 0; i < left.Length; i++)
                scores[left[i]] = cost[i];
            order.Add(left[best]);
            isKept[left[best]] = false;
            left = [.. left.Where((_, i) => i != best)];
        }
        return new LayerSelection(order, scores);
    }
}
