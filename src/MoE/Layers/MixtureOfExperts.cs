using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, T = positions, H = hidden, N = B*T tokens, E = routed experts, k = experts per token, M = N*k rows.

/// <summary>What the router of a layer decided, for those who watch.</summary>
/// <param name="Layer">Layer of the teacher.</param>
/// <param name="ExpertIds">int64 [N, k], ascending per token.</param>
/// <param name="ExpertWeights">float32 [N, k], aligned with the ids.</param>
public sealed record RoutingDecision(int Layer, Tensor ExpertIds, Tensor ExpertWeights);

/// <summary>Dropless mixture of experts: router, routed experts behind an <see cref="IExpertDispatcher"/>, shared expert.</summary>
internal sealed class MixtureOfExperts
{
    private readonly MoeConfig _config;
    private readonly int _layer;
    private readonly ModelParameter _router;
    private readonly ModelParameter? _bias;
    private readonly GroupedExperts _experts;
    private readonly GatedMlp? _shared;
    private readonly IExpertDispatcher _dispatcher;

    public MixtureOfExperts(DecoderConfig config, MoeConfig moe, int layer, DecoderPart part, WeightLoader weights, IExpertDispatcher dispatcher)
    {
        (_config, _layer, _dispatcher) = (moe, layer, dispatcher);
        var names = weights.Names;
        _router = weights.Load(layer, LayerWeight.Router, moe.RoutedExpertCount, config.HiddenSize);
        // The choice is sensitive: the bias stays in float32 whatever the model's dtype.
        _bias = moe.HasCorrectionBias
            ? weights.Load(names.InLayer(layer, LayerWeight.RouterBias), [moe.RoutedExpertCount], layer, dtype: ScalarType.Float32)
            : null;
        int width = moe.ExpertIntermediateSize, hidden = config.HiddenSize;
        var placement = part.PlacementOf(moe);
        _experts = new GroupedExperts([.. placement.HeldBy(layer, part.ExpertRank).Select(expert =>
        {
            bool isCopy = placement.Holders(layer, expert)[0] != part.ExpertRank;
            return new GatedMlp(
                weights.Projection(layer, LayerWeight.ExpertGate, width, hidden, expert: expert, isCopy: isCopy),
                weights.Projection(layer, LayerWeight.ExpertUp, width, hidden, expert: expert, isCopy: isCopy),
                weights.Projection(layer, LayerWeight.ExpertDown, hidden, width, expert: expert, isCopy: isCopy));
        })]);
        Statistics = new RoutingStatistics(moe, layer, part);
        if (moe.SharedIntermediateSize > 0)
            _shared = new GatedMlp(
                weights.Projection(layer, LayerWeight.SharedGate, moe.SharedIntermediateSize, hidden),
                weights.Projection(layer, LayerWeight.SharedUp, moe.SharedIntermediateSize, hidden),
                weights.Projection(layer, LayerWeight.SharedDown, hidden, moe.SharedIntermediateSize));
    }

    /// <summary>What the router decided since the counts were last cleared.</summary>
    public RoutingStatistics Statistics { get; }

    public ModelParameter? CorrectionBias => _bias;

    public IEnumerable<Projection> RoutedProjections => _experts.Experts.SelectMany(expert => expert.Projections);

    public IEnumerable<Projection> SharedProjections => _shared?.Projections ?? [];

    /// <summary>Down projections of the experts here and of the shared one.</summary>
    public IEnumerable<Projection> Downs => _experts.Experts.Concat(_shared is null ? [] : [_shared]).Select(expert => expert.Down);

    public Tensor Forward(Tensor x_BTH, Action<RoutingDecision>? observer)
    {
        using var scope = NewDisposeScope();
        var x_NH = x_BTH.reshape(-1, x_BTH.shape[^1]);
        var (ids, weights_Nk) = Route(x_NH, observer);
        var slots = new ExpertSlots(ids, _config.RoutedExpertCount, _config.ExpertsPerToken);
        var exchange = _dispatcher.Start(_layer, GatherRowsFunction.apply(x_NH, slots), slots.RowsPerExpert);
        // The shared expert runs while rows travel: here, and, since the graph goes the other way, in the backward pass too.
        var shared_NH = _shared?.Forward(x_NH, exchange.Progress);
        var (rows_RH, rowsPerExpert) = exchange.Receive();
        Statistics.AddComputed(rows_RH.shape[0]);
        var results_MH = exchange.Return(_experts.Forward(rows_RH, rowsPerExpert));
        var routed_NH = Combine(results_MH, weights_Nk, slots);
        var y_NH = shared_NH is null ? routed_NH : routed_NH + shared_NH;
        return y_NH.reshape(x_BTH.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Chosen experts [N*k] and their weights float32 [N, k]; the gradient goes through the scores of the chosen ones only.</summary>
    private (long[] Ids, Tensor Weights) Route(Tensor x_NH, Action<RoutingDecision>? observer)
    {
        var logits_NE = F.linear(x_NH.to_type(ScalarType.Float32), _router.Value.to_type(ScalarType.Float32));
        var scores_NE = _config.Score == RouterScore.Sigmoid ? logits_NE.sigmoid() : logits_NE.softmax(-1);
        var ids = new long[x_NH.shape[0] * _config.ExpertsPerToken];
        float[] bias = _bias is null ? [] : _bias.Value.detach().cpu().data<float>().ToArray();
        ExpertChoice.Choose(scores_NE.detach().cpu().data<float>().ToArray(), bias, _config, ids);
        for (int slot = 0; slot < ids.Length; slot += _config.ExpertsPerToken)
            Statistics.Add(ids.AsSpan(slot, _config.ExpertsPerToken));

        var ids_Nk = tensor(ids, [x_NH.shape[0], _config.ExpertsPerToken], device: x_NH.device);
        var weights_Nk = scores_NE.gather(1, ids_Nk);
        if (_config.NormalizeWeights)
            weights_Nk = weights_Nk / (weights_Nk.sum([-1], keepdim: true) + 1e-20);
        weights_Nk = weights_Nk * _config.RoutedScaling;
        observer?.Invoke(new RoutingDecision(_layer, ids_Nk, weights_Nk));
        return (ids, weights_Nk);
    }

    /// <summary>Adds each result to its token with its weight.</summary>
    private static Tensor Combine(Tensor results_MH, Tensor weights_Nk, ExpertSlots slots)
    {
        if (CombineRowsFunction.Supports(results_MH))
            return CombineRowsFunction.apply(results_MH, weights_Nk, slots);
        var slotOfRow = new long[slots.RowOfSlot.Length];
        for (int slot = 0; slot < slotOfRow.Length; slot++)
            slotOfRow[slots.RowOfSlot[slot]] = slot;
        var weights_M1 = weights_Nk.reshape(-1).index_select(0, tensor(slotOfRow, device: weights_Nk.device)).unsqueeze(1);
        return zeros([weights_Nk.shape[0], results_MH.shape[1]], dtype: results_MH.dtype, device: results_MH.device)
            .index_add(0, tensor(slots.TokenOfRow, device: results_MH.device), results_MH * weights_M1.to_type(results_MH.dtype), 1);
    }
}
