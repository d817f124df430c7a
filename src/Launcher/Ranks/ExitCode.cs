namespace E3Scale.Launcher.Ranks;

/// <summary>Exit codes of e3scale.</summary>
public static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>The command ran, and its answer is no: doctor found an unusable machine, verify-store a damaged store, inspect an incomplete model.</summary>
    public const int Negative = 1;

    /// <summary>Command line, recipe or an input file is wrong; starting again would not help.</summary>
    public const int BadInput = 2;

    /// <summary>A stage failed, after all restarts.</summary>
    public const int StageFailed = 3;

    /// <summary>
    /// Ended as SIGUSR1 asked, with its state saved: start the same command again to go on. The value is EX_TEMPFAIL of sysexits.h.
    /// </summary>
    public const int Requeue = 75;

    /// <summary>Ended by SIGINT or SIGTERM.</summary>
    public const int Cancelled = 130;
}
