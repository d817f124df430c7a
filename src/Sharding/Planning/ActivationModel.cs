using E3Scale.MoE;
using TorchSharp;

namespace E3Scale.Sharding.Planning;

// Symbols in this file, as in docs/planning.md: N = positions of a micro-batch, T = positions of a sequence, H = hidden width,
// A = attention heads, D = width of a query or key head, W = width of a value head, k = experts per token, I = width of an expert.

/// <summary>
/// Bytes of activations of one micro-batch in one layer, counted tensor by tensor: what automatic differentiation keeps from the forward to
/// the backward pass, and what lives only while the layer is computed.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="workload">Types, micro-batch, adapters.</param>
public sealed class ActivationModel(DecoderConfig config, PlanWorkload workload)
{
    private const int Float = sizeof(float);
    private readonly long _tokens = workload.MicroBatchTokens;
    private readonly int _width = workload.DType.ElementSize();
    private readonly bool _trainsAll = workload.Lora is null;

    /// <summary>A residual stream between layers: what a pipeline sends, and what recomputation keeps of a layer.</summary>
    public long Residual => _tokens * config.HiddenSize * _width;

    /// <summary>Bytes that the backward pass of a layer needs from its forward pass, without recomputation.</summary>
    /// <param name="layer">0-based layer.</param>
    public long KeptByLayer(int layer)
    {
        long perToken = 0;
        if (config.BranchesOf(layer).HasFlag(LayerBranches.Attention))
            perToken += BranchNorms() + (config.Attention is LatentAttentionConfig latent
                ? Latent(latent)
                : Grouped((GroupedQueryAttentionConfig)config.Attention));
        if (config.BranchesOf(layer).HasFlag(LayerBranches.Mlp))
            perToken += BranchNorms() + (config.IsMoeLayer(layer)
                ? Experts(config.Moe!)
                : GatedMlp(WeightKind.DenseMlp, config.IntermediateSize));
        return _tokens * perToken;
    }

    /// <summary>Largest bytes that live beside what is kept while a layer runs forward or backward.</summary>
    /// <param name="layer">0-based layer.</param>
    public long WorkingSet(int layer)
    {
        // Scores before and after the mask in the forward pass; gradients of probabilities and scores in the backward pass: the same bytes.
        int perScore = workload.DType == torch.ScalarType.Float32 ? 2 * Float : _width + 2 * Float;
        long attention = (long)config.Attention.HeadCount * workload.SequenceLength * perScore + 4L * Queries * _width;
        long mlp = config.IsMoeLayer(layer)
            ? config.Moe!.ExpertsPerToken * (2L * config.HiddenSize + 3L * config.Moe.ExpertIntermediateSize) * _width
            : 3L * config.IntermediateSize * _width;
        return _tokens * Math.Max(attention, mlp);
    }

    /// <summary>Bytes that final norm, head and loss keep and use on the last stage.</summary>
    public long Head()
    {
        long norm = Float * (long)config.HiddenSize + (_trainsAll ? 2 : 1) * (long)config.HiddenSize * _width;
        // Chosen logits in float32 on the CPU are made row by row; elsewhere the head's rows are gathered, and multiplied.
        long logits = workload.LogitsPerPosition is { } chosen
            ? (workload.DType == torch.ScalarType.Float32 ? chosen * Float : 2L * chosen * config.HiddenSize * _width)
            : 2L * config.VocabularySize * Float;
        return _tokens * (norm + logits);
    }

    private long Queries => config.Attention switch
    {
        LatentAttentionConfig a => (long)a.HeadCount * (a.NopeHeadDim + a.RopeHeadDim),
        GroupedQueryAttentionConfig a => (long)a.HeadCount * a.HeadDim,
        _ => throw new NotSupportedException(config.Attention.GetType().Name),
    };

    private bool Keeps(WeightKind kind) => _trainsAll || workload.HasAdapter(kind);

    /// <summary>Inner activations of adapters on so many projections.</summary>
    private long Inner(WeightKind kind, int projections) => workload.HasAdapter(kind) ? (long)projections * workload.Lora!.Rank * _width : 0;

    /// <summary>A norm keeps its input in float32; its normalised input when its weight is trained; its output when a projection needs it.</summary>
    private long Norm(long size, bool outputKept) => size * (Float + (_trainsAll ? _width : 0) + (outputKept ? _width : 0));

    /// <summary>The norm of the residual stream before attention or MLP, and that of the branch's output where there is one.</summary>
    private long BranchNorms() =>
        Norm(config.HiddenSize, outputKept: true) + (config.SandwichNorm ? Norm(config.HiddenSize, outputKept: false) : 0);

    /// <summary>softmax(Q K^T) V: scaled queries, keys, probabilities in float32 (and again in a narrower type), values, result.</summary>
    private long Softmax(long queries, long values)
    {
        long probabilities = (long)config.Attention.HeadCount * workload.SequenceLength;
        long narrowed = workload.DType == torch.ScalarType.Float32 ? 0 : _width;
        return 2 * queries * _width + probabilities * (Float + narrowed) + values * _width;
    }

    private long Latent(LatentAttentionConfig a)
    {
        long values = (long)a.HeadCount * a.ValueHeadDim, nope = (long)a.HeadCount * a.NopeHeadDim;
        bool kept = Keeps(WeightKind.Attention);
        // One sequence is read in place, with the keys that lie between the values; several are copied together.
        long perToken = Softmax(Queries, workload.MicroBatchSequences == 1 ? values + nope : values);
        if (a.QueryLoraRank is { } rank)
            perToken += Norm(rank, kept);
        perToken += Norm(a.KeyValueLoraRank, kept) + Float * (long)a.RopeHeadDim;
        return perToken + (kept ? values * _width : 0) + Inner(WeightKind.Attention, a.QueryLoraRank is null ? 4 : 5);
    }

    private long Grouped(GroupedQueryAttentionConfig a)
    {
        long perToken = Softmax(Queries, Queries) + (Keeps(WeightKind.Attention) ? Queries * _width : 0);
        if (a.HasHeadNorms)
            perToken += Norm((long)(a.HeadCount + a.KeyValueHeadCount) * a.HeadDim, outputKept: false);
        return perToken + Inner(WeightKind.Attention, 4);
    }

    /// <summary>down(silu(gate x) * up x): gate, up, and what goes into down when that is trained.</summary>
    private long GatedMlp(WeightKind kind, long inner) => inner * _width * (Keeps(kind) ? 3 : 2) + Inner(kind, 3);

    private long Experts(MoeConfig moe)
    {
        int k = moe.ExpertsPerToken;
        long router = moe.RoutedExpertCount * (long)Float + k * 5L * Float;
        if (_trainsAll && workload.DType != torch.ScalarType.Float32)
            router += config.HiddenSize * (long)Float;
        // Of a row that an expert gets, all that is kept is x, gate and up (the rest is computed again); of what comes back, the result.
        long rows = k * (2L * config.HiddenSize + 2L * moe.ExpertIntermediateSize) * _width;
        long shared = moe.SharedIntermediateSize > 0 ? GatedMlp(WeightKind.SharedExperts, moe.SharedIntermediateSize) : 0;
        return router + rows + shared;
    }
}
