namespace E3Scale.RealModels.Tests.Reference;

/// <summary>The beginning of a text with what the model says about it.</summary>
/// <param name="Story">Number of the text.</param>
/// <param name="Ids">Its first tokens.</param>
/// <param name="MeanNll">Mean negative log-likelihood of all but the first, nats.</param>
/// <param name="LastTop10Ids">The ten likeliest tokens after the last one, likeliest first.</param>
/// <param name="LastTop10Logits">Their logits.</param>
/// <param name="LastLogsumexp">Log of the sum of the exponentials of all logits there.</param>
internal sealed record SequenceValues(
    int Story, int[] Ids, double MeanNll, int[] LastTop10Ids, double[] LastTop10Logits, double LastLogsumexp);
