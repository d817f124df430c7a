using E3Scale.Sharding;

namespace E3Scale.Launcher.Progress;

/// <summary>Hands what a stage says about its progress to one of the sinks of this folder.</summary>
/// <param name="sink">Shows it.</param>
public sealed class SinkProgress(IProgress<StageProgress> sink) : IStageProgress
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private StageProgress? _current;

    /// <summary>Plain lines on standard error, one every ten seconds: for commands without a run folder.</summary>
    public static SinkProgress OnStandardError() => new(new PlainProgress(Console.Error, LineInterval, TimeProvider.System));

    /// <inheritdoc/>
    public void Begin(string task, long total, string unit, long done = 0)
    {
        _current = new StageProgress(task, done, total, unit);
        sink.Report(_current);
    }

    /// <inheritdoc/>
    public void Report(long done, string? note = null)
    {
        if (_current is null)
            return;
        _current = _current with { Done = done, Note = note };
        sink.Report(_current);
    }

    /// <inheritdoc/>
    public void End()
    {
        if (_current is { } last && last.Done < last.Total)
            sink.Report(last with { Done = last.Total });
        _current = null;
    }
}
