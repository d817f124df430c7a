namespace E3Scale.Pruner.Distillation;

/// <summary>How the pruned model recovers, whatever chose its layers (METHODS 14).</summary>
public enum RecoveryMethod
{
    /// <summary>Distillation from stored logits, each token weighted by entropy (E3-Pruner, eq. 6). The default.</summary>
    AdaptiveKd,

    /// <summary>Distillation from stored logits, all tokens alike (eq. 5).</summary>
    Kd,

    /// <summary>Supervised fine-tuning: cross-entropy with the next token of the corpus. Needs no stored logits.</summary>
    Sft,

    /// <summary>No training: the student is what the selection left, which tells the quality of a mask from that of its recovery.</summary>
    None,
}
