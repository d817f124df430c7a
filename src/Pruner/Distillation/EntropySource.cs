namespace E3Scale.Pruner.Distillation;

/// <summary>Over which ids the entropy is taken that weighs a token.</summary>
public enum EntropySource
{
    /// <summary>The full vocabulary; the teacher's is stored at capture.</summary>
    Full,

    /// <summary>The ids of the stored top-k logits, renormalised; at most ln k, and biased low on the most uncertain tokens.</summary>
    TopK,
}
