namespace E3Scale.Pruner.Search;

/// <summary>
/// Chooses among masks by what they do rather than by scores: the best of some candidates, then exchanges of one dropped layer for a kept one as long as
/// the loss falls (floating search, Pudil et al. 1994).
/// </summary>
/// <remarks>
/// A round of exchange either lets the layer go that is missed least and then takes back the one that helps most, or the other way round, in turn; both
/// together judge about two models for every layer. Not the paper's, which ends with the largest scores.
/// </remarks>
/// <param name="judge">Judges masks.</param>
/// <param name="isEnough">Whether a mask lets as much go as it must, and no more.</param>
/// <param name="protectedUnits">Layers, or other units, that always stay.</param>
public sealed class MaskRefinement(IMaskJudge judge, Func<bool[], bool> isEnough, IReadOnlyCollection<int> protectedUnits)
{
    /// <summary>Refines. Collective over the world.</summary>
    /// <param name="candidates">Masks to choose from; the first is what there would be without this.</param>
    /// <param name="exchanges">Exchanges at most.</param>
    /// <returns>The same on every rank.</returns>
    /// <exception cref="ArgumentException">There are no candidates.</exception>
    public RefinedMask Run(IReadOnlyList<bool[]> candidates, int exchanges)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        if (candidates.Count == 0)
            throw new ArgumentException("no masks to choose from", nameof(candidates));
        bool[][] distinct = [.. candidates.Where((mask, i) => !candidates.Take(i).Any(mask.SequenceEqual))];
        double[] losses = judge.Losses(distinct);
        int best = Smallest(losses);
        var now = new RefinedMask(distinct[best], losses[0], losses[best], distinct.Length, 0);
        for (int failures = 0, round = 0; failures < 2 && now.Exchanges < exchanges; round++)
        {
            failures++;
            if ((round % 2 == 0 ? LetGoFirst(now.Kept) : TakeBackFirst(now.Kept)) is not { } next || !(next.Loss < now.Loss))
                continue;
            now = now with { Kept = next.Kept, Loss = next.Loss, Exchanges = now.Exchanges + 1 };
            failures = 0;
        }
        return now;
    }

    private (bool[] Kept, double Loss)? LetGoFirst(bool[] kept)
    {
        int[] free = [.. Units(kept, true).Except(protectedUnits).Where(unit => Partners(kept, unit).Length > 0)];
        if (free.Length == 0)
            return null;
        int gone = free[Smallest(judge.LossesWithoutEach(kept, free))];
        bool[][] masks = [.. Partners(kept, gone).Select(back => Exchanged(kept, gone, back))];
        double[] losses = judge.Losses(masks);
        int best = Smallest(losses);
        return (masks[best], losses[best]);
    }

    private (bool[] Kept, double Loss)? TakeBackFirst(bool[] kept)
    {
        int[] dropped = [.. Units(kept, false).Where(unit => Partners(kept, unit).Length > 0)];
        if (dropped.Length == 0)
            return null;
        bool[][] larger = [.. dropped.Select(unit => With(kept, unit, true))];
        int chosen = Smallest(judge.Losses(larger));
        int[] free = Partners(kept, dropped[chosen]);
        double[] losses = judge.LossesWithoutEach(larger[chosen], free);
        int best = Smallest(losses);
        return (Exchanged(kept, free[best], dropped[chosen]), losses[best]);
    }

    /// <summary>Units that a unit may change sides with.</summary>
    private int[] Partners(bool[] kept, int unit) =>
    [
        .. Units(kept, !kept[unit]).Except(protectedUnits).Where(other => isEnough(kept[unit] ? Exchanged(kept, unit, other) : Exchanged(kept, other, unit))),
    ];

    private static bool[] Exchanged(bool[] kept, int gone, int back) => With(With(kept, gone, false), back, true);

    private static IEnumerable<int> Units(bool[] kept, bool areKept) => Enumerable.Range(0, kept.Length).Where(unit => kept[unit] == areKept);

    private static bool[] With(bool[] kept, int unit, bool stays)
    {
        bool[] changed = [.. kept];
        changed[unit] = stays;
        return changed;
    }

    /// <summary>Place of the smallest loss, the first of equals; a loss that is not a number is never smallest unless all are.</summary>
    private static int Smallest(double[] losses) =>
        Enumerable.Range(0, losses.Length).MinBy(i => double.IsNaN(losses[i]) ? double.PositiveInfinity : losses[i]);
}

/// <summary>What a refinement came to.</summary>
/// <param name="Kept">The mask.</param>
/// <param name="FirstLoss">Loss of the first candidate.</param>
/// <param name="Loss">Loss of the mask.</param>
/// <param name="Candidates">Masks it chose from, each counted once.</param>
/// <param name="Exchanges">Exchanges of two layers, or other units, that made it better.</param>
public sealed record RefinedMask(bool[] Kept, double FirstLoss, double Loss, int Candidates, int Exchanges);
