using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Ranks;

/// <summary>When a job counts as hanging, in looks at its heartbeats.</summary>
/// <param name="HangLooks">A rank is silent, or all ranks wait for each other.</param>
/// <param name="StuckLooks">A rank works alone without getting anything done.</param>
/// <param name="StartLooks">No rank has started.</param>
/// <param name="JobMayQueue">Whether a whole job may wait before it starts, as under Slurm.</param>
internal sealed record HangLimits(int HangLooks, int StuckLooks, int StartLooks, bool JobMayQueue)
{
    /// <summary>Time between two looks, and between two heartbeats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The limits of a recipe; 0 seconds there means never.</summary>
    public static HangLimits Of(RestartSection restart, bool jobMayQueue) =>
        new(Looks(restart.HangTimeoutSeconds), Looks(restart.StuckTimeoutSeconds), Looks(restart.StartTimeoutSeconds), jobMayQueue);

    /// <summary>So many looks as text.</summary>
    public static string Seconds(int looks) => $"{looks * Interval.TotalSeconds:0} s";

    private static int Looks(int seconds) => seconds == 0 ? int.MaxValue : (int)Math.Ceiling(seconds / Interval.TotalSeconds);
}
