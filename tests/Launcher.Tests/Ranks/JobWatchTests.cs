using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Tests.Ranks;

public sealed class JobWatchTests : IDisposable
{
    private const string Attempt = "a";
    private static readonly HangLimits s_limits = new(HangLooks: 2, StuckLooks: 1000, StartLooks: 1000, JobMayQueue: false);

    private readonly TemporaryFolder _temporary = new();
    private readonly RunFolder _folder;

    public JobWatchTests() => _folder = new RunFolder(_temporary.Path);

    [Fact]
    public async Task Watch_RankWithoutFurtherHeartbeats_IsAHangAndTheAttemptEnds()
    {
        var found = new TaskCompletionSource<HangVerdict>();
        await using JobWatch watch = JobWatch.Start(_folder, Attempt, rankCount: 1, s_limits, found.SetResult);

        Beat(1).Write(_folder);
        HangVerdict verdict = await found.Task;

        Assert.Equal([0], verdict.Culprits);
        Assert.Equal("step 3", watch.LastHeartbeats[0]?.Place.Phase);
        Assert.True(LauncherBeat.Read(_folder) is { Attempt: Attempt, Ended: true });
    }

    [Fact]
    public async Task Dispose_JobIsOver_SaysSoToRanksThatAreLeft()
    {
        JobWatch watch = JobWatch.Start(_folder, Attempt, rankCount: 1, s_limits, _ => { });
        Assert.True(LauncherBeat.Read(_folder) is { Ended: false });

        await watch.DisposeAsync();

        Assert.True(LauncherBeat.Read(_folder) is { Ended: true });
    }

    [Fact]
    public async Task Start_HeartbeatsOfAnEarlierAttempt_AreForgotten()
    {
        (Beat(9) with { Attempt = "earlier" }).Write(_folder);

        await using JobWatch watch = JobWatch.Start(_folder, Attempt, rankCount: 1, s_limits, _ => { });

        Assert.Null(Heartbeat.Read(_folder, 0, "earlier"));
        Assert.Null(Assert.Single(watch.LastHeartbeats));
    }

    public void Dispose() => _temporary.Dispose();

    private static Heartbeat Beat(long number) => new()
    {
        Attempt = Attempt,
        Place = new RankPlace(0, Environment.MachineName, "search", "step 3"),
        ProcessId = 1,
        Beat = number,
        Operations = number,
    };
}
