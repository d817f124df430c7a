namespace E3Scale.Pruner.Methods.Come;

/// <summary>CoMe's settings.</summary>
public sealed record ComeOptions
{
    /// <summary>
    /// Whether the share that each of two layers keeps of a merged one is that of the lowest next-token loss (CoMe-P), tried in steps of 1
    /// / 20, instead of its share of both block influences. Default false.
    /// </summary>
    public bool SearchesShare { get; init; }
}
