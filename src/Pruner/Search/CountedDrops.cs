namespace E3Scale.Pruner.Search;

/// <summary>A number of layers that grows with the search: the layers of the smallest scores go.</summary>
/// <param name="schedule">How many.</param>
/// <param name="protectedLayers">Layers that always stay.</param>
public sealed class CountedDrops(ProgressiveSchedule schedule, IReadOnlyCollection<int> protectedLayers) : IDropSchedule
{
    /// <inheritdoc/>
    public bool[] KeptAt(ReadOnlySpan<double> scores, int step) => HardMask.TopK(scores, schedule.KeptAt(step), protectedLayers);

    /// <inheritdoc/>
    public bool IsEnough(bool[] kept) => kept.Count(stays => stays) == schedule.FinalKept;
}
