namespace E3Scale.Evaluation.Tasks;

/// <summary>American Invitational Mathematics Examination of a year: 30 problems, each answered by an integer from 0 to 999.</summary>
public sealed class AimeTask : AnswerTask
{
    private AimeTask(string name)
        : base(name, $"{name}.jsonl")
    {
    }

    /// <summary>The problems of 2024.</summary>
    public static AimeTask Aime24 { get; } = new("aime24");

    /// <summary>The problems of 2025.</summary>
    public static AimeTask Aime25 { get; } = new("aime25");

    internal override IReadOnlyList<string> Stops => ["Problem:", "</s>", "<|im_end|>"];

    internal override AnswerItem Read(TaskRecord record)
    {
        string problem = record.Text("problem"), answer = record.Text("answer").Trim();
        return new AnswerItem(
            $"Problem:\n{problem}\n\nSolution:", problem + AnswerItem.BoxInstruction, answer,
            record.Has("solution") ? " " + record.Text("solution") : $" The final answer is $\\boxed{{{answer}}}$.");
    }

    internal override string? Extract(string text) => AnswerExtraction.Number(text);
}
