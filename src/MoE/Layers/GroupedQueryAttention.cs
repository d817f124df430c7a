using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, T = positions, H = hidden, N = query heads, K = key heads, D = head width, S = cached positions.

/// <summary>Grouped-query attention of the LLaMA family (Ainslie et al. 2023); multi-head when every query head has its own key head.</summary>
internal sealed class GroupedQueryAttention : IAttention
{
    private readonly GroupedQueryAttentionConfig _config;
    private readonly RotaryEmbedding _rope;
    private readonly CausalAttention _attention;
    private readonly Projection _query, _key, _value, _output;
    private readonly RmsNorm? _queryNorm, _keyNorm;

    public GroupedQueryAttention(DecoderConfig config, GroupedQueryAttentionConfig attention, int layer, WeightLoader weights, RotaryEmbedding rope)
    {
        (_config, _rope) = (attention, rope);
        int queries = attention.HeadCount * attention.HeadDim, keys = attention.KeyValueHeadCount * attention.HeadDim;
        _query = weights.Projection(layer, LayerWeight.Query, queries, config.HiddenSize, attention.Bias);
        _key = weights.Projection(layer, LayerWeight.Key, keys, config.HiddenSize, attention.Bias);
        _value = weights.Projection(layer, LayerWeight.Value, keys, config.HiddenSize, attention.Bias);
        _output = weights.Projection(layer, LayerWeight.AttentionOutput, config.HiddenSize, queries, attention.OutputBias);
        if (attention.HasHeadNorms)
        {
            _queryNorm = new RmsNorm(weights.Load(layer, LayerWeight.QueryNorm, attention.HeadDim), config.RmsNormEpsilon);
            _keyNorm = new RmsNorm(weights.Load(layer, LayerWeight.KeyNorm, attention.HeadDim), config.RmsNormEpsilon);
        }
        _attention = new CausalAttention(1 / Math.Sqrt(attention.HeadDim), config.AttentionWindow(layer));
    }

    public IEnumerable<Projection> Projections => [_query, _key, _value, _output];

    public Projection Output => _output;

    public Tensor Forward(Tensor x_BTH, LayerCache? cache = null)
    {
        using var scope = NewDisposeScope();
        var query_BNTD = _rope.Rotate(Normalized(_queryNorm, Heads(_query.Forward(x_BTH), _config.HeadCount)), cache?.Pass);
        var key_BKTD = _rope.Rotate(Normalized(_keyNorm, Heads(_key.Forward(x_BTH), _config.KeyValueHeadCount)), cache?.Pass);
        var value_BKTD = Heads(_value.Forward(x_BTH), _config.KeyValueHeadCount);
        var keys_BKSD = cache?.Append(0, key_BKTD);
        var values_BKSD = cache?.Append(1, value_BKTD);
        var mixed_BTC = cache is null || cache.Pass.IsPrompt
            ? _attention.Forward(query_BNTD, Repeat(key_BKTD), Repeat(value_BKTD))
            : AttendNext(query_BNTD, keys_BKSD!, values_BKSD!, cache.Pass);
        return _output.Forward(mixed_BTC).MoveToOuterDisposeScope();
    }

    /// <summary>One new position of each row: its query heads go to their key head's vectors together, which are not repeated.</summary>
    private Tensor AttendNext(Tensor query_BNTD, Tensor keys_BKSD, Tensor values_BKSD, CachePass pass)
    {
        long batch = query_BNTD.shape[0], keyHeads = _config.KeyValueHeadCount;
        var query_BKGD = query_BNTD.reshape(batch, keyHeads, _config.HeadCount / keyHeads, _config.HeadDim);
        return _attention.ForwardNext(query_BKGD, keys_BKSD, values_BKSD, pass).reshape(batch, 1, -1);
    }

    public void Dispose() => _attention.Dispose();

    private static Tensor Normalized(RmsNorm? norm, Tensor x_BNTD) => norm?.Forward(x_BNTD) ?? x_BNTD;

    private Tensor Heads(Tensor x_BTC, int heads) =>
        x_BTC.reshape(x_BTC.shape[0], x_BTC.shape[1], heads, _config.HeadDim).transpose(1, 2);

    /// <summary>Each key head serves HeadCount / KeyValueHeadCount neighbouring query heads.</summary>
    private Tensor Repeat(Tensor x_BKTD)
    {
        int times = _config.HeadCount / _config.KeyValueHeadCount;
        if (times == 1)
            return x_BKTD;
        long batch = x_BKTD.shape[0], keys = x_BKTD.shape[1], positions = x_BKTD.shape[2], width = x_BKTD.shape[3];
        return x_BKTD.unsqueeze(2).expand(batch, keys, times, positions, width).reshape(batch, keys * times, positions, width);
    }
}
