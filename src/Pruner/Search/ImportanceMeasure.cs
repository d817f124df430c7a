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

    /// <summary>Block influence, one minus the mean cosine between a layer's input and output (ShortGPT): one forward pass, looks at no output.</summary>
    BlockInfluence,
}
