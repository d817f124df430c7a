using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, T = positions, H = hidden, N = heads, C = latent width, P = nope width, R = rope width, W = value width,
// S = cached positions.

/// <summary>Multi-head latent attention (DeepSeek-V2, section 2.1), with or without query compression.</summary>
internal sealed class LatentAttention : IAttention
{
    private readonly LatentAttentionConfig _config;
    private readonly RotaryEmbedding _rope;
    private readonly CausalAttention _attention;
    private readonly Projection? _queryDown;
    private readonly RmsNorm? _queryNorm;
    private readonly Projection _query, _keyValueDown, _keyValueUp, _output;
    private readonly RmsNorm _keyValueNorm;

    public LatentAttention(DecoderConfig config, LatentAttentionConfig attention, int layer, WeightLoader weights, RotaryEmbedding rope)
    {
        (_config, _rope) = (attention, rope);
        int hidden = config.HiddenSize, heads = attention.HeadCount, keyDim = attention.NopeHeadDim + attention.RopeHeadDim;
        if (attention.QueryLoraRank is { } rank)
        {
            _queryDown = weights.Projection(layer, LayerWeight.QueryDown, rank, hidden, attention.Bias);
            _queryNorm = new RmsNorm(weights.Load(layer, LayerWeight.QueryLatentNorm, rank), attention.LatentNormEpsilon);
            _query = weights.Projection(layer, LayerWeight.QueryUp, heads * keyDim, rank);
        }
        else
        {
            _query = weights.Projection(layer, LayerWeight.Query, heads * keyDim, hidden);
        }
        int latent = attention.KeyValueLoraRank;
        _keyValueDown = weights.Projection(layer, LayerWeight.KeyValueDown, latent + attention.RopeHeadDim, hidden, attention.Bias);
        _keyValueNorm = new RmsNorm(weights.Load(layer, LayerWeight.KeyValueLatentNorm, latent), attention.LatentNormEpsilon);
        _keyValueUp = weights.Projection(layer, LayerWeight.KeyValueUp, heads * (attention.NopeHeadDim + attention.ValueHeadDim), latent);
        _output = weights.Projection(layer, LayerWeight.AttentionOutput, hidden, heads * attention.ValueHeadDim, attention.OutputBias);
        _attention = new CausalAttention(RotaryEmbedding.SoftmaxScaleFactor(config.Rope) / Math.Sqrt(keyDim));
    }

    public IEnumerable<Projection> Projections =>
        _queryDown is null ? [_query, _keyValueDown, _keyValueUp, _output] : [_queryDown, _query, _keyValueDown, _keyValueUp, _output];

    public Projection Output => _output;

    public Tensor Forward(Tensor x_BTH, LayerCache? cache = null)
    {
        using var scope = NewDisposeScope();
        long batch = x_BTH.shape[0], positions = x_BTH.shape[1];
        int heads = _config.HeadCount, nope = _config.NopeHeadDim, rope = _config.RopeHeadDim;

        var query_BNTD = Heads(_query.Forward(_queryDown is null ? x_BTH : _queryNorm!.Forward(_queryDown.Forward(x_BTH))), nope + rope);
        var queryRope_BNTR = _rope.Rotate(query_BNTD.narrow(3, nope, rope), cache?.Pass);

        var compressed_BTC = _keyValueDown.Forward(x_BTH);
        var latent_BTC = _keyValueNorm.Forward(compressed_BTC.narrow(2, 0, _config.KeyValueLoraRank));
        // One rotary key, shared by all heads.
        var keyRope_B1TR = _rope.Rotate(compressed_BTC.narrow(2, _config.KeyValueLoraRank, rope).unsqueeze(1), cache?.Pass);
        // Of a position only these are kept: its keys and values can be made from them, or, for a new token, need not be made at all.
        var cached_B1SC = cache?.Append(0, cat([latent_BTC.unsqueeze(1), keyRope_B1TR], -1));
        if (cache is { Pass.IsPrompt: false })
            return _output.Forward(AttendNext(query_BNTD.narrow(3, 0, nope), queryRope_BNTR, cached_B1SC!, cache)).MoveToOuterDisposeScope();
        var keyValue_BNTD = Heads(_keyValueUp.Forward(latent_BTC), nope + _config.ValueHeadDim);

        var fullQuery_BNTD = cat([query_BNTD.narrow(3, 0, nope), queryRope_BNTR], -1);
        var fullKey_BNTD = cat([keyValue_BNTD.narrow(3, 0, nope), keyRope_B1TR.expand(batch, heads, positions, rope)], -1);
        var mixed_BTW = _attention.Forward(fullQuery_BNTD, fullKey_BNTD, keyValue_BNTD.narrow(3, nope, _config.ValueHeadDim));
        return _output.Forward(mixed_BTW).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One new position of each row, with the up-projections absorbed (DeepSeek-V2, section 2.1.2): q (W_k c) = (q W_k) c, so queries come down to the
    /// latents instead of every latent going up to keys and values for each head, and all heads share one cached vector.
    /// </summary>
    private Tensor AttendNext(Tensor queryNope_BNTP, Tensor queryRope_BNTR, Tensor cached_B1SC, LayerCache cache)
    {
        int latent = _config.KeyValueLoraRank, nope = _config.NopeHeadDim;
        long batch = queryNope_BNTP.shape[0];
        var up_NDC = UpProjection(cache, queryNope_BNTP.dtype).reshape(_config.HeadCount, nope + _config.ValueHeadDim, latent);
        var lowered_BNC = queryNope_BNTP.squeeze(2).transpose(0, 1).bmm(up_NDC.narrow(1, 0, nope)).transpose(0, 1);
        var query_B1NC = cat([lowered_BNC, queryRope_BNTR.squeeze(2)], -1).unsqueeze(1);
        var mixed_BNC = _attention.ForwardNext(query_B1NC, cached_B1SC, cached_B1SC.narrow(3, 0, latent), cache.Pass).squeeze(1);
        var values_BNW = mixed_BNC.transpose(0, 1).bmm(up_NDC.narrow(1, nope, _config.ValueHeadDim).transpose(1, 2)).transpose(0, 1);
        return values_BNW.reshape(batch, 1, -1);
    }

    /// <summary>The matrix from latents to keys and values: the parameter itself, or a copy that has what is beside or behind it.</summary>
    private Tensor UpProjection(LayerCache cache, ScalarType dtype)
    {
        if (!_keyValueUp.HasAdapter && !_keyValueUp.Weight.IsCompressed)
            return _keyValueUp.Weight.Value;
        return cache.Absorbed(() =>
        {
            using var merged = _keyValueUp.MergedWeight();
            return merged.to_type(dtype, copy: true);
        });
    }

    public void Dispose() => _attention.Dispose();

    private Tensor Heads(Tensor x_BTC, int width) =>
        x_BTC.reshape(x_BTC.shape[0], x_BTC.shape[1], _config.HeadCount, width).transpose(1, 2);
}
