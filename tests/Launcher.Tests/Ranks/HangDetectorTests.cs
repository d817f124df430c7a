using E3Scale.Launcher.Ranks;

namespace E3Scale.Launcher.Tests.Ranks;

public class HangDetectorTests
{
    private const int HangLooks = 3;
    private const int StuckLooks = 10;
    private const int StartLooks = 5;
    private const string Receive = "MPI Receive of 8 x Float32 on rank 0 of 2 of the pipeline group, peer 1, tag 1";

    [Fact]
    public void Look_RankFallsSilent_IsNamedWithHostStageAndPhase()
    {
        var job = new FakeJob(2);
        job.Work(5);

        HangVerdict verdict = job.LooksUntilVerdict(HangLooks, () =>
        {
            job[0] = job.Wait(0, Receive); // which is what rank 0 does as soon as rank 1 is gone
        });

        Assert.Equal([1], verdict.Culprits);
        Assert.StartsWith("rank 1 on host1, stage search, step 12: no sign of life for 3 s", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_OthersWaitForARankThatWorks_IsNoHang()
    {
        var job = new FakeJob(4);

        for (int look = 0; look < StuckLooks - 2; look++)
        {
            job.Beat(0); // long honest work: beats, but finishes nothing
            for (int rank = 1; rank < 4; rank++)
                job[rank] = job.Wait(rank, Receive);
            Assert.Null(job.Look());
        }
    }

    [Fact]
    public void Look_ARankWorksForEver_IsNamedAndNotThoseThatWaitForIt()
    {
        var job = new FakeJob(4);

        HangVerdict verdict = job.LooksUntilVerdict(StuckLooks + 1, () =>
        {
            job.Beat(2);
            foreach (int rank in new[] { 0, 1, 3 })
                job[rank] = job.Wait(rank, Receive);
        });

        Assert.Equal([2], verdict.Culprits);
        Assert.StartsWith("rank 2 on host2, stage search, step 12: finished nothing for 10 s", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_AllWaitForEachOther_NamesThemAllWithTheirOperations()
    {
        var job = new FakeJob(2);

        HangVerdict verdict = job.LooksUntilVerdict(HangLooks + 1, () =>
        {
            job[0] = job.Wait(0, Receive);
            job[1] = job.Wait(1, "MPI Barrier on rank 1 of 2");
        });

        Assert.Equal([0, 1], verdict.Culprits);
        Assert.Contains("The network between their hosts may be down", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains($"rank 0 on host0, stage search, step 12, in {Receive}", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("rank 1 on host1, stage search, step 12, in MPI Barrier on rank 1 of 2", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_AllWaitButTransfersComplete_IsNoHang()
    {
        var job = new FakeJob(2);

        for (int look = 0; look < 3 * HangLooks; look++)
        {
            job[0] = job.Wait(0, Receive) with { Operations = look };
            job[1] = job.Wait(1, Receive);
            Assert.Null(job.Look());
        }
    }

    [Fact]
    public void Look_RankThatEnded_MayBeSilent()
    {
        var job = new FakeJob(2);
        job[1] = job.Wait(1, Receive) with { Ended = true };

        for (int look = 0; look < 3 * HangLooks; look++)
        {
            job.Advance(0);
            Assert.Null(job.Look());
        }
    }

    [Fact]
    public void Look_AllEndedButTheJobDoesNot_IsAHang()
    {
        var job = new FakeJob(2);

        HangVerdict verdict = job.LooksUntilVerdict(HangLooks + 1, () =>
        {
            job[0] ??= job.Wait(0, Receive) with { Ended = true };
            job[1] ??= job.Wait(1, Receive) with { Ended = true };
        });

        Assert.Contains("the job does not end", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_OneRankNeverStarts_IsNamed()
    {
        var job = new FakeJob(3);

        HangVerdict verdict = job.LooksUntilVerdict(HangLooks, () =>
        {
            job.Advance(0);
            job.Advance(2);
        });

        Assert.Equal([1], verdict.Culprits);
        Assert.Equal("rank 1: gave no sign of life, although others did 3 s ago.", verdict.Reason);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Look_NoRankStarts_IsAHangUnlessTheJobMayQueue(bool jobMayQueue, bool isHang)
    {
        var job = new FakeJob(2, jobMayQueue);

        HangVerdict?[] verdicts = [.. Enumerable.Range(0, 2 * StuckLooks).Select(_ => job.Look())];

        Assert.Equal(isHang ? StartLooks - 1 : -1, Array.FindIndex(verdicts, verdict => verdict is not null));
        if (isHang)
            Assert.StartsWith("rank 0, 1: did not start within 5 s.", verdicts[^1]!.Reason, StringComparison.Ordinal);
    }

    /// <summary>Heartbeats of a job whose ranks run on a host each.</summary>
    private sealed class FakeJob(int ranks, bool jobMayQueue = false)
    {
        private readonly HangDetector _detector = new(ranks, new HangLimits(HangLooks, StuckLooks, StartLooks, jobMayQueue));
        private readonly Heartbeat?[] _beats = new Heartbeat?[ranks];
        private long _beat;

        public Heartbeat? this[int rank]
        {
            get => _beats[rank];
            set => _beats[rank] = value;
        }

        public HangVerdict? Look() => _detector.Look(_beats);

        /// <summary>All ranks get on for some looks.</summary>
        public void Work(int looks)
        {
            for (int look = 0; look < looks; look++)
            {
                for (int rank = 0; rank < _beats.Length; rank++)
                    Advance(rank);
                Assert.Null(Look());
            }
        }

        public void Beat(int rank) => _beats[rank] = New(rank, _beats[rank]?.Operations ?? 0, waiting: null);

        public void Advance(int rank) => _beats[rank] = New(rank, (_beats[rank]?.Operations ?? 0) + 1, waiting: null);

        public Heartbeat Wait(int rank, string operation) => New(rank, _beats[rank]?.Operations ?? 0, operation);

        /// <summary>Changes the heartbeats and looks, so many times; only the last look may find anything.</summary>
        public HangVerdict LooksUntilVerdict(int looks, Action change)
        {
            for (int look = 1; look < looks; look++)
            {
                change();
                Assert.Null(Look());
            }
            change();
            HangVerdict? verdict = Look();
            Assert.NotNull(verdict);
            return verdict;
        }

        private Heartbeat New(int rank, long operations, string? waiting) => new()
        {
            Attempt = "a",
            Place = new RankPlace(rank, $"host{rank}", "search", "step 12"),
            ProcessId = 4711,
            Beat = ++_beat,
            Operations = operations,
            Waiting = waiting,
        };
    }
}
