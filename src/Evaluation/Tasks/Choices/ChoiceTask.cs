namespace E3Scale.Evaluation.Tasks;

/// <summary>Items answered by comparing the log-likelihoods of given continuations.</summary>
public abstract class ChoiceTask : BenchmarkTask
{
    private protected ChoiceTask(string name, params string[] files)
        : base(name, files)
    {
    }

    /// <inheritdoc/>
    public override int DefaultShots => 0;

    /// <inheritdoc/>
    public override string Metric => "acc";

    /// <summary>Whether the harness gives acc_norm for this task too.</summary>
    public virtual bool HasNormalizedAccuracy => true;

    /// <summary>How solved items are chosen.</summary>
    internal virtual ShotSelection ShotSelection => ShotSelection.Sampled;

    /// <summary>Files of solved items, one of which a run with shots needs.</summary>
    internal virtual IReadOnlyList<string> ShotFiles => [$"{Name}.fewshot.jsonl"];

    /// <summary>Turns an item into texts.</summary>
    internal abstract ChoiceItem Read(TaskRecord record);
}
