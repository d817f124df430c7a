namespace E3Scale.Evaluation.Tasks;

/// <summary>BoolQ (Clark et al. 2019), as in SuperGLUE: yes-or-no questions about a passage.</summary>
public sealed class BoolQTask() : ChoiceTask("boolq", "boolq.jsonl")
{
    /// <inheritdoc/>
    public override bool HasNormalizedAccuracy => false;

    internal override ChoiceItem Read(TaskRecord record) =>
        new($"{record.Text("passage")}\nQuestion: {record.Text("question")}?\nAnswer:", ["no", "yes"], record.Index("label", 2));
}
