namespace E3Scale.Evaluation.Tasks;

/// <summary>GSM8K (Cobbe et al. 2021): word problems of a few steps, answered by a number.</summary>
public sealed class Gsm8kTask() : AnswerTask("gsm8k", "gsm8k.jsonl")
{
    private const string Mark = "####";

    internal override IReadOnlyList<string> Stops => ["Question:", "</s>", "<|im_end|>"];

    internal override AnswerItem Read(TaskRecord record)
    {
        string solution = record.Text("answer");
        int mark = solution.LastIndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0)
            throw record.Error("answer", $"has no '{Mark}' before the final number");
        string question = record.Text("question");
        return new AnswerItem($"Question: {question}\nAnswer:", question + AnswerItem.BoxInstruction, solution[(mark + Mark.Length)..].Trim(), " " + solution);
    }

    internal override string? Extract(string text) => AnswerExtraction.Number(text);
}
