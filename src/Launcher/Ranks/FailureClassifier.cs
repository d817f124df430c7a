using E3Scale.Data.Corpora;
using E3Scale.Data.Tokenizers;
using E3Scale.Evaluation.Tasks;
using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;
using E3Scale.Launcher.Slurm;
using E3Scale.LogitStore;
using E3Scale.MoE;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Ranks;

/// <summary>Tells mistakes in the input, which a restart cannot cure, from everything else.</summary>
public static class FailureClassifier
{
    private const int NoSpaceOnDevice = 28; // ENOSPC, which .NET keeps in the low half of HResult on Unix

    /// <summary>The exit code that an exception stands for.</summary>
    /// <param name="error">What ended a command or a rank.</param>
    public static int ExitCodeOf(Exception error) => error switch
    {
        StopRequestedException => ExitCode.Requeue,
        OperationCanceledException => ExitCode.Cancelled,
        RecipeException or RunFolderException or MpiNotFoundException or SlurmException => ExitCode.BadInput,
        CheckpointException or CorpusException or TokenizerException or LogitStoreException => ExitCode.BadInput,
        MeshException or DeviceException or StageInputException or TaskException => ExitCode.BadInput,
        FileNotFoundException or DirectoryNotFoundException or InvalidDataException => ExitCode.BadInput,
        _ => ExitCode.StageFailed,
    };

    /// <summary>Says on standard error what ended a command: the message, or everything where the fault may be the program's own.</summary>
    /// <param name="error">What ended it.</param>
    /// <returns><see cref="ExitCodeOf"/> of it.</returns>
    public static int Report(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        int exitCode = ExitCodeOf(error);
        Console.Error.WriteLine(exitCode == ExitCode.StageFailed ? error.ToString() : error.Message);
        return exitCode;
    }

    /// <summary>Whether another attempt may go better.</summary>
    /// <param name="error">What ended a rank.</param>
    public static bool MayPassOnRestart(Exception error) =>
        // Training that diverged would do so again: the same steps give the same bits.
        ExitCodeOf(error) == ExitCode.StageFailed && error is not DivergedException && !IsFullDisk(error);

    // What a part of the program wraps into an exception of its own is still a full disk.
    private static bool IsFullDisk(Exception error) =>
        (error is IOException && (error.HResult & 0xffff) == NoSpaceOnDevice) || (error.InnerException is { } inner && IsFullDisk(inner));
}
