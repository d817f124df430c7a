namespace E3Scale.Pruner.Search;

/// <summary>
/// How a mask is chosen by the loss, before the first step of the search or after the last one. Default, and the paper's: not at all.
/// </summary>
public sealed record MaskRefinementOptions
{
    /// <summary>
    /// When. Default: at the start. After a few steps the loss tells more about which masks these steps happened to draw, and the weights got used to, than
    /// about the masks.
    /// </summary>
    public RefinementTime At { get; init; } = RefinementTime.Start;

    /// <summary>Masks drawn from the scores, beside that of the scores and, at the end, that of the scores the search started from. Default 0.</summary>
    public int Draws { get; init; }

    /// <summary>Exchanges of two layers at most, see <see cref="MaskRefinement"/>. Default 0.</summary>
    public int Exchanges { get; init; }

    /// <summary>Training sequences, those that come next, that masks are judged on; rounded up to micro-batches. Default 40.</summary>
    public int Sequences { get; init; } = 40;

    /// <summary>Whether anything is judged.</summary>
    public bool IsOn => Draws > 0 || Exchanges > 0;
}
