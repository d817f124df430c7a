namespace E3Scale.MoE;

/// <summary>Everything the decoder family needs to know about a model; made from a Hugging Face config.json by a <see cref="ModelFamily"/>.</summary>
public sealed record DecoderConfig
{
    /// <summary>Hugging Face's model_type, for example <c>deepseek_v3</c>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer layers, multi-token-prediction layers not counted.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Inner width of a dense layer's gated MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Epsilon of the RMSNorms of the residual stream.</summary>
    public required double RmsNormEpsilon { get; init; }

    /// <summary>True when the head uses the embedding matrix, so that the checkpoint has no head of its own.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Longest context the model was made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Rotary position embedding.</summary>
    public required RopeConfig Rope { get; init; }

    /// <summary>Attention of every layer.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>
    /// For every layer, how many positions a token sees, itself included, or null for all before it; empty (default): all layers see all.
    /// </summary>
    public IReadOnlyList<int?> AttentionWindows { get; init; } = [];

    /// <summary>Mixture of experts, or null for a dense model.</summary>
    public MoeConfig? Moe { get; init; }

    /// <summary>True when the projections of the gated MLPs have a bias.</summary>
    public bool MlpBias { get; init; }

    /// <summary>True when the outputs of attention and MLP are normalised before they are added to the residual stream (openPangu).</summary>
    public bool SandwichNorm { get; init; }

    /// <summary>Layers that have only one of their two branches. Default: none.</summary>
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>Begin-of-sequence token, or null when the config names none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>End-of-sequence token (the first one, when the config lists several), or null.</summary>
    public int? EosTokenId { get; init; }

    /// <summary>How many positions a token of a layer sees, itself included, or null for all before it.</summary>
    /// <param name="layer">0-based layer of the teacher.</param>
    public int? AttentionWindow(int layer) => layer < AttentionWindows.Count ? AttentionWindows[layer] : null;

    /// <summary>What a layer has: both branches unless one was dropped.</summary>
    /// <param name="layer">0-based layer of the teacher.</param>
    public LayerBranches BranchesOf(int layer) => DroppedBranches.LeftOf(layer);

    /// <summary>The same model with more branches dropped.</summary>
    /// <param name="dropped">Which.</param>
    public DecoderConfig Without(DroppedBranches dropped) => this with { DroppedBranches = DroppedBranches.With(dropped) };

    /// <summary>Whether a layer routes tokens to experts: it is a mixture of experts, and its MLP was not dropped.</summary>
    /// <param name="layer">0-based layer of the teacher.</param>
    public bool HasExperts(int layer) => IsMoeLayer(layer) && BranchesOf(layer).HasFlag(LayerBranches.Mlp);

    /// <summary>Whether a layer is made to be a mixture of experts (false: dense), whatever was dropped of it.</summary>
    /// <param name="layer">0-based layer of the teacher; false for one that it does not have.</param>
    public bool IsMoeLayer(int layer) => Moe is { } moe && layer >= 0 && layer < moe.LayerIsMoe.Count && moe.LayerIsMoe[layer];
}
