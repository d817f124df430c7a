namespace E3Scale.Pruner.Search;

/// <summary>Which importance of importance.json the scores start from.</summary>
public enum ImportanceMeasure
{
    /// <summary>KL(teacher || teacher without the layer): E3-Pruner, section 3.2. The default.</summary>
    Kl,

    /// <summary>Block influence, one minus the mean cosine between a layer's input and output (ShortGPT): one forward pass, looks at no output.</summary>
    BlockInfluence,
}
