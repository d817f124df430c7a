namespace E3Scale.RealModels.Tests.Reference;

/// <summary>A prompt and its greedy continuation.</summary>
/// <param name="PromptLen">Tokens of the prompt, BOS included.</param>
/// <param name="Ids">Prompt and continuation.</param>
internal sealed record ContinuationValues(int PromptLen, int[] Ids);
