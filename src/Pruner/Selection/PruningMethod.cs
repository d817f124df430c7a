namespace E3Scale.Pruner.Selection;

/// <summary>What chooses the layers. README.md beside the folder Methods says what each does and costs.</summary>
public enum PruningMethod
{
    /// <summary>E3-Pruner: mask and weights learnt together.</summary>
    E3Pruner,

    /// <summary>Sheared-LLaMA: soft gates and weights learnt together.</summary>
    ShearedLlama,

    /// <summary>ShortGPT, all at once.</summary>
    ShortGpt,

    /// <summary>ShortGPT, one layer at a time.</summary>
    ShortGptIterative,

    /// <summary>Minitron by block influence.</summary>
    Minitron,

    /// <summary>Minitron's contiguous block.</summary>
    MinitronContiguous,

    /// <summary>SLEB by next-token loss.</summary>
    Sleb,

    /// <summary>SLEB's loop by divergence from the teacher.</summary>
    SlebKl,

    /// <summary>Shortened-LLaMA by perplexity.</summary>
    ShortenedLlamaPpl,

    /// <summary>Shortened-LLaMA by first-order Taylor expansion, edge layers spared.</summary>
    ShortenedLlamaTaylor,

    /// <summary>Shortened-LLaMA by magnitude of the weights, edge layers spared.</summary>
    ShortenedLlamaMagnitude,

    /// <summary>E3-Pruner's initial scores alone.</summary>
    LeaveOneOut,

    /// <summary>CLP: the contiguous segment of least divergence.</summary>
    Clp,

    /// <summary>CLP by its differentiable gate.</summary>
    ClpGate,

    /// <summary>DarwinLM's evolution over sets of layers.</summary>
    DarwinLm,

    /// <summary>CoMe: neighbours that turn the stream least are merged into one.</summary>
    Come,

    /// <summary>SLEB's loop by a task instead of a text.</summary>
    IterativeTask,

    /// <summary>By lot.</summary>
    Random,

    /// <summary>At equal distances.</summary>
    UniformStride,

    /// <summary>Every set is tried.</summary>
    Exhaustive,
}
