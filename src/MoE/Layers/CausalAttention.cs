using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, N = heads, T = positions, D = query and key width, W = value width,
// G = queries of one position that share keys, S = cached positions.

/// <summary>Softmax attention in which a position sees itself and what is before it, or only the nearest part of that.</summary>
/// <param name="scale">Factor on the products of queries and keys.</param>
/// <param name="window">Positions that a position sees, itself included; null for all before it.</param>
internal sealed class CausalAttention(double scale, int? window = null) : IDisposable
{
    private Tensor? _mask_TT;

    /// <summary>softmax(scale * Q K^T + causal mask) V, the softmax in float32.</summary>
    /// <returns>[B, T, N*W].</returns>
    public Tensor Forward(Tensor query_BNTD, Tensor key_BNTD, Tensor value_BNTW) => CausalAttentionFunction.Supports(query_BNTD, key_BNTD, value_BNTW)
        ? CausalAttentionFunction.apply(query_BNTD, key_BNTD, value_BNTW, scale, window!)
        : Compose(query_BNTD, key_BNTD, value_BNTW);

    /// <summary>The same from tensor operations, for devices and types without a kernel.</summary>
    internal Tensor Compose(Tensor query_BNTD, Tensor key_BNTD, Tensor value_BNTW)
    {
        using var scope = NewDisposeScope();
        long batch = query_BNTD.shape[0], positions = query_BNTD.shape[2];
        var scores_BNTT = (query_BNTD * scale).matmul(key_BNTD.transpose(2, 3)).to_type(ScalarType.Float32) + Mask(positions, query_BNTD.device);
        var weights_BNTT = scores_BNTT.softmax(-1).to_type(value_BNTW.dtype);
        return weights_BNTT.matmul(value_BNTW).transpose(1, 2)
            .reshape(batch, positions, value_BNTW.shape[1] * value_BNTW.shape[3]).MoveToOuterDisposeScope();
    }

    /// <summary>The same for the next position of each row, which looks at all that are cached.</summary>
    /// <param name="query_BNGD">Queries of one position.</param>
    /// <param name="keys_BNSD">Cached keys, its own included.</param>
    /// <param name="values_BNSW">Cached values.</param>
    /// <param name="pass">Says how many positions each row has.</param>
    /// <returns>[B, N, G, W].</returns>
    public Tensor ForwardNext(Tensor query_BNGD, Tensor keys_BNSD, Tensor values_BNSW, CachePass pass) =>
        NextTokenAttention.Supports(query_BNGD, keys_BNSD, values_BNSW)
            ? NextTokenAttention.Forward(query_BNGD, keys_BNSD, values_BNSW, pass.Seen(window), (float)scale)
            : ComposeNext(query_BNGD, keys_BNSD, values_BNSW, pass);

    /// <summary>The same as <see cref="ForwardNext"/> from tensor operations, for devices, types and widths without a kernel.</summary>
    internal Tensor ComposeNext(Tensor query_BNGD, Tensor keys_BNSD, Tensor values_BNSW, CachePass pass)
    {
        using var scope = NewDisposeScope();
        var scores_BNGS = (query_BNGD * scale).matmul(keys_BNSD.transpose(2, 3)).to_type(ScalarType.Float32);
        if (pass.Mask(window, query_BNGD.device) is { } mask_B11S)
            scores_BNGS = scores_BNGS + mask_B11S;
        return scores_BNGS.softmax(-1).to_type(values_BNSW.dtype).matmul(values_BNSW).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _mask_TT?.Dispose();

    /// <summary>0 where a position may look; minus infinity above the diagonal and before the window.</summary>
    private Tensor Mask(long positions, Device device)
    {
        if (_mask_TT is null || _mask_TT.shape[0] < positions)
        {
            Dispose();
            using var scope = NewDisposeScope();
            var never_TT = full([positions, positions], float.NegativeInfinity, dtype: ScalarType.Float32, device: device);
            var future_TT = never_TT.triu(1);
            _mask_TT = (window is { } width && width < positions ? future_TT + never_TT.tril(-width) : future_TT).DetachFromDisposeScope();
        }
        return _mask_TT.narrow(0, 0, positions).narrow(1, 0, positions);
    }
}
