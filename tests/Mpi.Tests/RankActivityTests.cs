using System.Diagnostics;

namespace E3Scale.Mpi.Tests;

public class RankActivityTests
{
    private static readonly OperationInfo s_receive = new("Receive", 0, 2) { Count = 8, Type = MpiDataType.Float32, Peer = 1, Tag = 3, Group = "pipeline" };

    [Fact]
    public void Begin_NewPhase_IsProgressToo()
    {
        var activity = new RankActivity();

        activity.Begin("step 1");
        activity.Advance();

        Assert.Equal("step 1", activity.Phase);
        Assert.Equal(2, activity.Operations);
    }

    [Fact]
    public void Waiting_MainThreadWaits_NamesTheOperationAndItsGroup()
    {
        var activity = new RankActivity();
        Assert.Null(activity.Waiting);

        activity.BeginWait(s_receive);

        Assert.Equal("MPI Receive of 8 x Float32 on rank 0 of 2 of the pipeline group, peer 1, tag 3", activity.Waiting);
        activity.EndWait(Stopwatch.GetTimestamp());
        Assert.Null(activity.Waiting);
    }

    [Fact]
    public void Waiting_AnotherThreadWaits_CountsOnlyWhileTheMainThreadWaitsForIt()
    {
        var activity = new RankActivity();
        var other = new Thread(() => activity.BeginWait(s_receive));
        other.Start();
        other.Join();
        Assert.Null(activity.Waiting);

        activity.BeginWaitForBackground();

        Assert.StartsWith("MPI Receive", activity.Waiting, StringComparison.Ordinal);
        activity.EndWaitForBackground(Stopwatch.GetTimestamp());
        Assert.Null(activity.Waiting);
    }

    [Fact]
    public void WaitedSeconds_CountsTheMainThreadsWaits()
    {
        var activity = new RankActivity();
        long secondsAgo = Stopwatch.GetTimestamp() - 3 * Stopwatch.Frequency;

        activity.EndWait(secondsAgo);
        activity.EndWaitForBackground(secondsAgo);
        var other = new Thread(() => activity.EndWait(secondsAgo));
        other.Start();
        other.Join();

        Assert.InRange(activity.WaitedSeconds, 6, 9); // the other thread's is not the main thread's
    }

    [Fact]
    public void Operations_WorldOfOne_CountsEveryTransfer()
    {
        var activity = new MpiContext(new MpiOptions(), 0, 1, _ => { });
        using var world = new Communicator(new SingleProcessTransport(), activity, isWorld: true);

        world.Barrier();
        world.AllReduceScalar(1.0, ReduceOperation.Sum);

        Assert.Equal(2, world.Activity.Operations);
    }
}
