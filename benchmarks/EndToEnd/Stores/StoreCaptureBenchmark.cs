using System.Diagnostics;
using E3Scale.Pruner.Capture;
using E3Scale.Sharding;

namespace E3Scale.Benchmarks.Stores;

/// <summary>
/// The teacher's forward pass alone, and within the capture that stores what it gives, alternately. The elapsed times say what a run takes
/// where the writer's thread has a core of its own; the processor times say the same of a machine that has other work.
/// </summary>
internal sealed class StoreCaptureBenchmark : IBenchmark
{
    // Many short rounds: on a virtual machine the same work takes a tenth more or less time from one second to the next.
    private const int Sequences = 48;
    private const int MicroBatchSequences = 8;
    private const int Rounds = 30;
    private const double Tokens = Sequences * TinyModel.SequenceLength;

    public string Name => "store-capture";

    public string Question => "what does storing the logits cost the teacher's forward pass?";

    public void Run(BenchmarkRun run)
    {
        using var tiny = TinyModel.Open(run.Folder, Sequences);
        List<Sample> forward = [], capture = [];
        List<double> stageSeconds = [];
        for (int round = 0; round <= Rounds; round++)
        {
            // Now this one goes first, now that one: neither always follows the other.
            bool forwardFirst = round % 2 == 0;
            if (forwardFirst)
                forward.Add(Forward(tiny));
            string store = Path.Combine(run.Folder, $"store-{round}");
            long start = Stopwatch.GetTimestamp();
            capture.Add(Capture(tiny, store));
            stageSeconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (!forwardFirst)
                forward.Add(Forward(tiny));
            if (round > 0)
                continue;
            forward.Clear(); // the first round warms up
            capture.Clear();
            stageSeconds.Clear();
        }
        BenchmarkRun.Show(
            ["", "tokens/s, median", "of forward alone, median of the rounds"],
            [
                Row("forward alone, elapsed time", forward, forward, sample => sample.Seconds),
                Row("forward with the store on, elapsed time", capture, forward, sample => sample.Seconds),
                Row("forward alone, processor time of its thread", forward, forward, sample => sample.ThreadSeconds),
                Row("forward with the store on, processor time of its thread", capture, forward, sample => sample.ThreadSeconds),
            ]);
        Console.WriteLine(
            $"One thread computes, another encodes and writes. Besides, the stage hashes and loads the teacher, and reads the store back for its manifest: " +
            $"{BenchmarkRun.Text(BenchmarkRun.Median(stageSeconds) - BenchmarkRun.Median(capture.Select(sample => sample.Seconds)), 2)} s.\n");
    }

    private static IReadOnlyList<string> Row(string name, List<Sample> samples, List<Sample> forward, Func<Sample, double> seconds) =>
    [
        name, $"{Tokens / BenchmarkRun.Median(samples.Select(seconds)):N0}",
        BenchmarkRun.Text(BenchmarkRun.Median(samples.Zip(forward, (sample, alone) => seconds(alone) / seconds(sample))), 3),
    ];

    private static Sample Forward(TinyModel tiny)
    {
        var clock = new ProgressClock();
        clock.Begin("forward", Sequences, "sequences", 0);
        ForwardPass.RunInSlices(tiny.Model, tiny.Corpus, tiny.Batches(MicroBatchSequences), (_, _, _) => { }, done => clock.Report(done));
        return clock.Last;
    }

    private static Sample Capture(TinyModel tiny, string store)
    {
        var clock = new ProgressClock();
        new CaptureStage(
            new CaptureOptions
            {
                TeacherFolder = TinyModel.ModelFolder,
                CorpusFile = tiny.CorpusFile,
                StoreFolder = store,
                MicroBatchSequences = MicroBatchSequences,
                MaxSequences = Sequences,
                SequencesPerShard = Sequences / 3,
            },
            new StageEnvironment(tiny.World.Duplicate(), MeshShape.OneRank, clock)).Run();
        return clock.Last;
    }

    /// <summary>Time from the first batch to the last.</summary>
    /// <param name="Seconds">That went by.</param>
    /// <param name="ThreadSeconds">Of processor time that the computing thread took.</param>
    private sealed record Sample(double Seconds, double ThreadSeconds);

    /// <summary>Stops the time at every report of progress; the last one comes when the last batch is done.</summary>
    private sealed class ProgressClock : IStageProgress
    {
        private long _start;
        private double _threadStart;

        public Sample Last { get; private set; } = new(0, 0);

        public void Begin(string task, long total, string unit, long done = 0) => (_start, _threadStart) = (Stopwatch.GetTimestamp(), ThreadClock.Now());

        public void Report(long done, string? note = null) => Last = new Sample(Stopwatch.GetElapsedTime(_start).TotalSeconds, ThreadClock.Now() - _threadStart);

        public void End()
        {
        }
    }
}
