namespace E3Scale.Evaluation.Tasks;

/// <summary>How lm-evaluation-harness 0.4.8 chooses the solved items before a question.</summary>
internal enum ShotSelection
{
    /// <summary>As many as needed, drawn for every question from the pool.</summary>
    Sampled,

    /// <summary>One more is drawn than needed, which happens when a task names no split to draw from; the first ones stay.</summary>
    SampledOneMore,

    /// <summary>The first ones of the pool that are of the question's group.</summary>
    FirstOfGroup,
}
