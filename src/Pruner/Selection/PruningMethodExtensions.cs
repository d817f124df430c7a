namespace E3Scale.Pruner.Selection;

/// <summary>What kind of method it is.</summary>
public static class PruningMethodExtensions
{
    /// <summary>
    /// Whether the method trains the student while it chooses, and so takes its share of the training steps. The others look at the untouched
    /// teacher.
    /// </summary>
    /// <param name="method">The method.</param>
    public static bool Trains(this PruningMethod method) => method is PruningMethod.E3Pruner or PruningMethod.ShearedLlama;
}
