namespace E3Scale.Pruner.Methods.IterativeTask;

/// <summary>A question and its one right answer, in token ids.</summary>
/// <param name="Prompt">What the model is given; at least one id.</param>
/// <param name="Answer">What it should go on with; at least one id.</param>
public sealed record TaskItem(int[] Prompt, int[] Answer);
