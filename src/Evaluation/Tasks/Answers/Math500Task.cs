namespace E3Scale.Evaluation.Tasks;

/// <summary>MATH-500: 500 competition problems (Hendrycks et al. 2021, the part of Lightman et al. 2023), with answers in LaTeX.</summary>
public sealed class Math500Task() : AnswerTask("math500", "math500.jsonl")
{
    internal override IReadOnlyList<string> Stops => ["Problem:", "</s>", "<|im_end|>"];

    internal override AnswerItem Read(TaskRecord record)
    {
        string problem = record.Text("problem");
        return new AnswerItem($"Problem:\n{problem}\n\nSolution:", problem + AnswerItem.BoxInstruction, record.Text("answer"), " " + record.Text("solution"));
    }

    internal override string? Extract(string text) => AnswerExtraction.Expression(text);
}
