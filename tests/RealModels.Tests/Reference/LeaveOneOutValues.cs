namespace E3Scale.RealModels.Tests.Reference;

/// <summary>What leaving out each single layer does, by layer.</summary>
/// <param name="Stories">Texts it was measured on, from the first.</param>
/// <param name="PredictedTokens">Tokens of these texts but the first of each.</param>
/// <param name="KlFullVsWithoutLayer">Mean KL(model || model without the layer), nats per token.</param>
/// <param name="NllWithoutLayer">Mean negative log-likelihood without the layer, nats per token.</param>
/// <param name="OneMinusCosineInOut">1 - mean cosine of the layer's input and output: block influence.</param>
internal sealed record LeaveOneOutValues(
    int Stories, long PredictedTokens, double[] KlFullVsWithoutLayer, double[] NllWithoutLayer, double[] OneMinusCosineInOut);
