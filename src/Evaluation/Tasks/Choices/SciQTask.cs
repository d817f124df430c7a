namespace E3Scale.Evaluation.Tasks;

/// <summary>SciQ (Welbl et al. 2017): science questions with a supporting paragraph. The right answer is the last choice.</summary>
public sealed class SciQTask() : ChoiceTask("sciq", "sciq.jsonl")
{
    internal override ChoiceItem Read(TaskRecord record) => new(
        $"{record.Text("support").TrimStart()}\nQuestion: {record.Text("question")}\nAnswer:",
        [record.Text("distractor1"), record.Text("distractor2"), record.Text("distractor3"), record.Text("correct_answer")], 3);
}
