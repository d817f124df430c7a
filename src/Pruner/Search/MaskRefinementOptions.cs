namespace E3Scale.Pruner.Search;

/// <summary>How the last mask is chosen, after the last step of the search, by the loss with the weights as they are then.</summary>
public sealed record MaskRefinementOptions
{
    /// <summary>The paper's end: the largest scores stay, and nothing is judged.</summary>
    public static MaskRefinementOptions None { get; } = new() { Draws = 0, Exchanges = 0 };

    /// <summary>Masks drawn from the final scores, beside those of the final scores and of the scores the search started from. Default 16.</summary>
    public int Draws { get; init; } = 16;

    /// <summary>Exchanges of two layers at most, see <see cref="MaskRefinement"/>. Default 8.</summary>
    public int Exchanges { get; init; } = 8;

    /// <summary>Training sequences, those that come next, that masks are judged on; rounded up to micro-batches. Default 40.</summary>
    public int Sequences { get; init; } = 40;

    /// <summary>Whether anything is judged.</summary>
    public bool IsOn => Draws > 0 || Exchanges > 0;
}
