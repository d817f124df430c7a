using System.ComponentModel.DataAnnotations;

namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>restart</c>: what happens when a job dies or hangs.</summary>
public sealed record RestartSection
{
    /// <summary>
    /// How often in a row a job that died is started again from its last checkpoint; 0 gives up at once. An attempt that got beyond the
    /// checkpoint it started from begins a new count.
    /// </summary>
    [Range(0, 100)]
    public int Attempts { get; init; } = 3;

    /// <summary>
    /// Seconds after which a job is ended when one of its ranks gives no sign of life, or when all of them wait for each other; 0: never.
    /// At least the time the longest single transfer takes: a GiB over the network.
    /// </summary>
    [Range(0, 1_000_000)]
    public int HangTimeoutSeconds { get; init; } = 20;

    /// <summary>
    /// Seconds after which a job is ended when a rank works without finishing any transfer, micro-batch or file; 0: never. Loading the
    /// largest layer group of a model, or writing its part of a checkpoint, must be quicker.
    /// </summary>
    [Range(0, 1_000_000)]
    public int StuckTimeoutSeconds { get; init; } = 1800;

    /// <summary>
    /// Seconds after which a job is ended when none of its ranks has started, because a host cannot be reached for example; 0: never. Under
    /// Slurm a job may wait in the queue for longer.
    /// </summary>
    [Range(0, 1_000_000)]
    public int StartTimeoutSeconds { get; init; } = 120;
}
