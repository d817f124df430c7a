namespace E3Scale.Benchmarks.Peers;

/// <summary>Ratios of alternate rounds: ours and the peer's of the same round saw the same machine.</summary>
/// <param name="ours">Of every round.</param>
/// <param name="theirs">Of every round.</param>
internal sealed class PeerRatio(IReadOnlyList<double> ours, IReadOnlyList<double> theirs)
{
    private readonly double[] _ratios = [.. theirs.Zip(ours, (their, our) => their / our)];

    /// <summary>Median of ours.</summary>
    public double Ours => BenchmarkRun.Median(ours);

    /// <summary>Median of the peer's.</summary>
    public double Theirs => BenchmarkRun.Median(theirs);

    /// <summary>The peer's over ours, for times: how many times as fast ours is; median and range over rounds.</summary>
    public string Faster => BenchmarkRun.Spread(_ratios);
}
