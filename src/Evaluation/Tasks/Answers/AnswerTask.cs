namespace E3Scale.Evaluation.Tasks;

/// <summary>Items answered by generating a text, from which the answer is read and compared.</summary>
public abstract class AnswerTask : BenchmarkTask
{
    private protected AnswerTask(string name, params string[] files)
        : base(name, files)
    {
    }

    /// <inheritdoc/>
    public override int DefaultShots => 0;

    /// <inheritdoc/>
    public override string Metric => "exact_match";

    /// <summary>Texts that end an answer and are not part of it.</summary>
    internal abstract IReadOnlyList<string> Stops { get; }

    /// <summary>Turns an item into texts.</summary>
    internal abstract AnswerItem Read(TaskRecord record);

    /// <summary>What a text gives as its answer, or null.</summary>
    internal abstract string? Extract(string text);
}
