namespace E3Scale.MoE;

/// <summary>The two branches of a transformer layer, each of which adds to the residual stream what it makes of the normalised stream.</summary>
[Flags]
public enum LayerBranches
{
    /// <summary>Neither: the layer passes the stream on.</summary>
    None = 0,

    /// <summary>Attention with the norms around it.</summary>
    Attention = 1,

    /// <summary>MLP, dense or a mixture of experts, with the norms around it.</summary>
    Mlp = 2,

    /// <summary>The whole layer.</summary>
    Both = Attention | Mlp,
}
