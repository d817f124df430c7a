namespace E3Scale.Pruner.Search;

/// <summary>What a recipe counts when it says how much is pruned.</summary>
public enum PruningBudget
{
    /// <summary>Layers, whatever is in them: the paper's.</summary>
    Layers,

    /// <summary>Parameters of layers: a mixture of experts weighs as many dense layers as it has parameters.</summary>
    Parameters,

    /// <summary>Time of layers in a forward pass over calibration text, as the importance stage measured it.</summary>
    Latency,
}
