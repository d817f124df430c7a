namespace E3Scale.Pruner.Compensation;

/// <summary>What makes up for dropped layers before anything is trained. Combines with any selection and any recovery.</summary>
public enum CompensationMethod
{
    /// <summary>Nothing. The default.</summary>
    None,

    /// <summary>Prune&amp;Comp: the weights before a cut are scaled, so that the residual stream enters the next layer as large as it was.</summary>
    PruneAndComp,

    /// <summary>LinearPatch: a linear map of the residual stream at each cut, which the recovery may train. No published architecture has one.</summary>
    LinearPatch,

    /// <summary>CoMe's concatenation: each dropped layer leaves its most sensitive channels to a layer that stays, which is as wide as it was.</summary>
    Concatenate,
}
