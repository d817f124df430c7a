using System.Text.Json.Serialization;

namespace E3Scale.Pruner.Search;

/// <summary>In mask.json, how the loss chose a mask before a search or at its end.</summary>
public sealed record MaskRefinementResult
{
    /// <summary>With which weights: the teacher's, or those at the end.</summary>
    [JsonPropertyName("at")]
    public required RefinementTime At { get; init; }

    /// <summary>Masks it was chosen from, each counted once, before any exchange.</summary>
    [JsonPropertyName("candidates")]
    public required int Candidates { get; init; }

    /// <summary>Exchanges of two layers, or branches, that made it better.</summary>
    [JsonPropertyName("exchanges")]
    public required int Exchanges { get; init; }

    /// <summary>Loss under the mask of the largest scores.</summary>
    [JsonPropertyName("loss_by_scores")]
    public required double LossByScores { get; init; }

    /// <summary>Loss under the mask that was chosen.</summary>
    [JsonPropertyName("loss")]
    public required double Loss { get; init; }

    /// <summary>Of a refinement; null where there was none.</summary>
    internal static MaskRefinementResult? Of(RefinedMask? refined, RefinementTime at) => refined is null ? null : new MaskRefinementResult
    {
        At = at,
        Candidates = refined.Candidates,
        Exchanges = refined.Exchanges,
        LossByScores = refined.FirstLoss,
        Loss = refined.Loss,
    };
}
