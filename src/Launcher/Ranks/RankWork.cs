using E3Scale.Mpi;

namespace E3Scale.Launcher.Ranks;

/// <summary>The work of a command that is one rank, or one of several that mpirun started.</summary>
internal static class RankWork
{
    /// <summary>Starts MPI, does the work, and says what went wrong: other ranks wait for this one, its exit code ends them.</summary>
    /// <param name="work">Gets all ranks of the job.</param>
    /// <returns>The exit code for the shell.</returns>
    public static int Run(Action<Communicator> work) => MpiEnvironment.RunRank(mpi =>
    {
        try
        {
            work(mpi.World);
            return ExitCode.Success;
        }
        catch (Exception error)
        {
            return FailureClassifier.Report(error);
        }
    });
}
