namespace E3Scale.Evaluation.Tasks;

/// <summary>A benchmark by its name and files; what is asked and how it is scored stands in <see cref="ChoiceTask"/> and <see cref="AnswerTask"/>.</summary>
public abstract class BenchmarkTask
{
    private protected BenchmarkTask(string name, IReadOnlyList<string> files)
    {
        (Name, Files) = (name, files);
    }

    /// <summary>Name on the command line and in recipes; that of lm-evaluation-harness.</summary>
    public string Name { get; }

    /// <summary>Files of items below the tasks folder; the first one that is there is read.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Solved items put before each question unless something else is asked for.</summary>
    public abstract int DefaultShots { get; }

    /// <summary>The figure to report: acc, acc_norm or exact_match.</summary>
    public abstract string Metric { get; }
}
