namespace E3Scale.Evaluation.Tasks;

/// <summary>A question to be answered in words of one's own.</summary>
/// <param name="Prompt">The question as plain text, up to where the answer begins.</param>
/// <param name="Instruction">The question as a turn of a conversation.</param>
/// <param name="Answer">The right answer.</param>
/// <param name="Solution">A worked solution, as it stands after the prompt in a solved item.</param>
public sealed record AnswerItem(string Prompt, string Instruction, string Answer, string Solution)
{
    /// <summary>How a mathematical answer is asked for in a conversation.</summary>
    internal const string BoxInstruction = "\n\nPlease reason step by step, and put your final answer within \\boxed{}.";
}
