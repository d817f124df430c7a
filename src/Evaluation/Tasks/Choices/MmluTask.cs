namespace E3Scale.Evaluation.Tasks;

/// <summary>
/// MMLU (Hendrycks et al. 2021): 57 subjects, the first five solved questions of the subject before each. All questions count alike, so that
/// subjects weigh by their size.
/// </summary>
public sealed class MmluTask() : ChoiceTask("mmlu", "mmlu.test.jsonl")
{
    private static readonly string[] s_letters = ["A", "B", "C", "D"];

    /// <inheritdoc/>
    public override int DefaultShots => 5;

    /// <inheritdoc/>
    public override bool HasNormalizedAccuracy => false;

    internal override ShotSelection ShotSelection => ShotSelection.FirstOfGroup;

    internal override IReadOnlyList<string> ShotFiles => ["mmlu.dev.jsonl"];

    internal override ChoiceItem Read(TaskRecord record)
    {
        var choices = record.Texts("choices");
        if (choices.Count != s_letters.Length)
            throw record.Error("choices", $"has {choices.Count} entries, expected {s_letters.Length}");
        string subject = record.Text("subject");
        string listed = string.Concat(choices.Select((choice, i) => $"{s_letters[i]}. {choice}\n"));
        return new ChoiceItem($"{record.Text("question").Trim()}\n{listed}Answer:", s_letters, record.Index("answer", s_letters.Length))
        {
            Group = subject,
            Description = $"The following are multiple choice questions (with answers) about {subject.Replace('_', ' ')}.\n\n",
        };
    }
}
