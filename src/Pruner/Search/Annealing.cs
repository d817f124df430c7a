namespace E3Scale.Pruner.Search;

/// <summary>How the softmax temperature falls over the search, t = 0 .. T - 1, from tau_0 towards (1 - c) tau_0.</summary>
public enum Annealing
{
    /// <summary>tau_0 (1 - c t / T): E3-Pruner, appendix D. The default.</summary>
    Linear,

    /// <summary>tau_0 (1 - c)^(t / T): falls by the same factor every step, so it spends more of the search at low temperatures.</summary>
    Exponential,

    /// <summary>tau_0 (1 - c (1 - cos(pi t / T)) / 2): slow at both ends.</summary>
    Cosine,

    /// <summary>tau_0 at every step.</summary>
    Constant,
}
