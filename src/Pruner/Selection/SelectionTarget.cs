namespace E3Scale.Pruner.Selection;

/// <summary>What a selector is asked for.</summary>
/// <param name="Drop">Layers to drop, at least 1.</param>
/// <param name="ProtectedLayers">Layers that stay whatever they score.</param>
/// <param name="Seed">Key of every random draw.</param>
public sealed record SelectionTarget(int Drop, IReadOnlyCollection<int> ProtectedLayers, ulong Seed)
{
    /// <summary>Layers that may go, ascending.</summary>
    /// <param name="layers">Layers of the teacher.</param>
    /// <exception cref="ArgumentException">Fewer than are to be dropped.</exception>
    public int[] Candidates(int layers)
    {
        int[] candidates = [.. Enumerable.Range(0, layers).Where(layer => !ProtectedLayers.Contains(layer))];
        return Drop >= 1 && Drop <= candidates.Length
            ? candidates
            : throw new ArgumentException($"{Drop} layers to drop; of {layers}, {candidates.Length} may go");
    }
}
