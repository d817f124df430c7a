namespace E3Scale.Launcher.Ranks;

/// <summary>
/// Decides from the heartbeats of all ranks whether their job hangs, and which rank is to blame: one that gives no sign of life, else the
/// ones that do not wait for others.
/// </summary>
/// <remarks>
/// Time is counted in looks, not read from a clock: when this process, the machine or the file system was held up itself, that time does
/// not count against the ranks.
/// </remarks>
/// <param name="rankCount">Ranks of the job.</param>
/// <param name="limits">After how many looks something is wrong.</param>
internal sealed class HangDetector(int rankCount, HangLimits limits)
{
    private readonly RankHistory[] _ranks = [.. Enumerable.Range(0, rankCount).Select(rank => new RankHistory(rank))];
    private int _looks;
    private int _looksSinceFirstRank;

    /// <summary>Takes in the newest heartbeats; to be called at equal intervals.</summary>
    /// <param name="heartbeats">By rank; null for a rank without news.</param>
    /// <returns>What is wrong, or null.</returns>
    public HangVerdict? Look(IReadOnlyList<Heartbeat?> heartbeats)
    {
        _looks++;
        foreach (RankHistory rank in _ranks)
            rank.Take(heartbeats[rank.Rank]);
        if (_ranks.Any(rank => rank.Last is not null))
            _looksSinceFirstRank++;
        return Silent() ?? WaitingForEachOther() ?? Stuck() ?? NeverStarted() ?? NeverLeaving();
    }

    private HangVerdict? Silent()
    {
        RankHistory[] silent = [.. _ranks.Where(rank => rank.IsThere && rank.SilentLooks >= limits.HangLooks)];
        return silent.Length == 0 ? null : Verdict(
            silent, $"no sign of life for {HangLimits.Seconds(limits.HangLooks)}: the process is stopped, its machine is gone, or it cannot reach the run folder.");
    }

    // Whoever waits for a rank that works is in order. But when all wait, nothing can ever change.
    private HangVerdict? WaitingForEachOther()
    {
        bool all = _ranks.All(rank => rank.IsThere && rank.Last!.Waiting is not null && rank.IdleLooks >= limits.HangLooks);
        if (!all)
            return null;
        int hosts = _ranks.Select(rank => rank.Last!.Place.Host).Distinct().Count();
        string guess = hosts > 1 ? "The network between their hosts may be down." : "Messages between them were lost, or they do not run the same code.";
        IEnumerable<string> lines = _ranks
            .GroupBy(rank => (rank.Last!.Place.Stage, rank.Last.Place.Phase, WithoutRank(rank.Last.Waiting!)))
            .Select(same => $"{RankPlace.Describe([.. same.Select(rank => rank.Last!.Place)])}, in {same.First().Last!.Waiting}");
        return new HangVerdict(
            [.. _ranks.Select(rank => rank.Rank)],
            $"All ranks wait for each other for {HangLimits.Seconds(limits.HangLooks)}. {guess}{Environment.NewLine}{string.Join(Environment.NewLine, lines)}");
    }

    private HangVerdict? Stuck()
    {
        RankHistory[] stuck = [.. _ranks.Where(rank => rank.IsThere && rank.Last!.Waiting is null && rank.IdleLooks >= limits.StuckLooks)];
        return stuck.Length == 0 ? null : Verdict(stuck, $"finished nothing for {HangLimits.Seconds(limits.StuckLooks)}, and does not wait for another rank.");
    }

    private HangVerdict? NeverStarted()
    {
        RankHistory[] missing = [.. _ranks.Where(rank => rank.Last is null)];
        if (missing.Length == 0)
            return null;
        // MPI starts on all ranks together, so the others cannot be late for long. But a whole job may wait in a queue.
        if (missing.Length < rankCount)
            return _looksSinceFirstRank < limits.HangLooks ? null
                : Verdict(missing, $"gave no sign of life, although others did {HangLimits.Seconds(limits.HangLooks)} ago.");
        return _looks < limits.StartLooks || limits.JobMayQueue ? null : Verdict(
            missing, $"did not start within {HangLimits.Seconds(limits.StartLooks)}. A host may be out of reach; if starting takes so long, raise restart.start_timeout_seconds.");
    }

    private HangVerdict? NeverLeaving() => _ranks.All(rank => rank.Last is { Ended: true } && rank.SilentLooks >= limits.HangLooks)
        ? new HangVerdict([], $"All ranks ended their work {HangLimits.Seconds(limits.HangLooks)} ago, but the job does not end.")
        : null;

    private static HangVerdict Verdict(RankHistory[] culprits, string what)
    {
        IEnumerable<string> lines = culprits
            .GroupBy(rank => (rank.Place.Stage, rank.Place.Phase))
            .Select(same => $"{RankPlace.Describe([.. same.Select(rank => rank.Place)])}: {what}");
        return new HangVerdict([.. culprits.Select(rank => rank.Rank)], string.Join(Environment.NewLine, lines));
    }

    // "MPI Barrier on rank 3 of 8" is the same wait on all eight.
    private static string WithoutRank(string waiting) => System.Text.RegularExpressions.Regex.Replace(waiting, "on rank [0-9]+ of", "on a rank of");

    private sealed class RankHistory(int rank)
    {
        public int Rank => rank;

        /// <summary>The last heartbeat, or null before the first.</summary>
        public Heartbeat? Last { get; private set; }

        /// <summary>Looks since the heartbeat changed.</summary>
        public int SilentLooks { get; private set; }

        /// <summary>Looks since the rank got something done.</summary>
        public int IdleLooks { get; private set; }

        /// <summary>Started, and not yet gone of its own accord.</summary>
        public bool IsThere => Last is { Ended: false };

        public RankPlace Place => Last?.Place ?? new RankPlace(rank, "", "", "");

        public void Take(Heartbeat? beat)
        {
            SilentLooks = beat is null || beat.Beat == Last?.Beat ? SilentLooks + 1 : 0;
            bool idle = beat is null || (Last is not null && beat.Operations == Last.Operations && beat.Waiting == Last.Waiting);
            IdleLooks = idle ? IdleLooks + 1 : 0;
            Last = beat ?? Last;
        }
    }
}
