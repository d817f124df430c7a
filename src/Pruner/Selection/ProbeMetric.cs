namespace E3Scale.Pruner.Selection;

/// <summary>How a pruned model is judged on the calibration text; less is better.</summary>
public enum ProbeMetric
{
    /// <summary>Mean next-token loss, nats: the logarithm of the perplexity.</summary>
    CrossEntropy,

    /// <summary>Mean KL(teacher || pruned model) over the whole vocabulary, nats.</summary>
    Kl,

    /// <summary>What the probe's <see cref="ITaskMetric"/> says, on its own text.</summary>
    Task,
}
