namespace E3Scale.Pruner.Search;

/// <summary>Says how well the student does under hard masks, with its weights as they are.</summary>
public interface IMaskJudge
{
    /// <summary>Mean loss under each mask. Collective over the world.</summary>
    /// <param name="masks">Each bool [L], or of other units; true for what stays.</param>
    /// <returns>A loss for every mask, smaller is better; the same on every rank.</returns>
    double[] Losses(IReadOnlyList<bool[]> masks);

    /// <summary>Mean loss under a mask without one more layer, for each of some. Collective over the world.</summary>
    /// <param name="kept">The mask.</param>
    /// <param name="units">Layers, or other units, to leave out, one at a time; ascending, and all of them kept.</param>
    /// <returns>A loss for every one of them; the same on every rank.</returns>
    double[] LossesWithoutEach(bool[] kept, IReadOnlyList<int> units);
}
