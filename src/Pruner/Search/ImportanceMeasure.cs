namespace E3Scale.Pruner.Search;

/// <summary>Which importance of importance.json the scores start from.</summary>
public enum ImportanceMeasure
{
    /// <summary>KL(teacher || teacher without the layer): E3-Pruner, section 3.2. The default.</summary>
    Kl,

    /// <summary>
    /// The same divergence measured anew after each layer that is let go, the cheapest first, as many as are to go: what is left out together counts
    /// together. Not the paper's; costs a round of leave-one-out passes for every layer to drop.
    /// </summary>
    GreedyKl,

    /// <summary>
    /// Greedy divergence where the layers that it lets go cost no more than <see cref="SearchOptions.TolerableDamage"/>, block influence beyond. What
    /// leaving out costs says much about a model that is hardly hurt, and little about one that has to learn anew. Not the paper's.
    /// </summary>
    ByDamage,

    /// <summary>Block influence, one minus the mean cosine between a layer's input and output (ShortGPT): one forward pass, looks at no output.</summary>
    BlockInfluence,
}
