namespace E3Scale.Launcher.Recipes;

/// <summary>Recipe section <c>search.come</c>: the merges of method <c>come</c>; the others do not read it.</summary>
public sealed record ComeSection
{
    /// <summary>
    /// Whether the channels that each of two layers keeps are shared out by the lowest next-token loss of 21 shares (CoMe-P), instead of by
    /// block influence.
    /// </summary>
    public bool SearchShare { get; init; }
}
