using System.Text.Json;

namespace E3Scale.RealModels.Tests.Reference;

/// <summary>The file reference.json of a model: what other code measured on its weights. Every text begins with BOS and is cut.</summary>
/// <param name="MaxTokens">Tokens of a text, BOS included, beyond which it is cut.</param>
/// <param name="Stories">Texts that <paramref name="MeanNll"/> was measured on, from the first.</param>
/// <param name="PredictedTokens">Tokens of these texts but the first of each.</param>
/// <param name="MeanNll">Mean negative log-likelihood of the predicted tokens, nats.</param>
/// <param name="LeaveOneOut">What leaving out each layer does.</param>
/// <param name="Sequences">Short sequences with logits.</param>
/// <param name="GreedyFromOnceUponATime">What the model goes on with.</param>
internal sealed record ReferenceValues(
    int MaxTokens,
    int Stories,
    long PredictedTokens,
    double MeanNll,
    LeaveOneOutValues LeaveOneOut,
    IReadOnlyList<SequenceValues> Sequences,
    ContinuationValues GreedyFromOnceUponATime)
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
    };

    public static ReferenceValues Read(string modelFolder) =>
        JsonSerializer.Deserialize<ReferenceValues>(File.ReadAllText(Path.Combine(modelFolder, "reference.json")), s_options)!;
}
