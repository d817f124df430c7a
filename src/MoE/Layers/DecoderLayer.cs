using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>
/// One transformer layer: x += attention(norm(x)); x += mlp(norm(x)), the MLP dense or a mixture of experts. With sandwich norm the outputs of
/// attention and MLP are normalised too before they are added. A layer may have lost one of the two (<see cref="DecoderConfig.DroppedBranches"/>).
/// </summary>
public sealed class DecoderLayer : IDisposable
{
    private readonly IAttention? _attention;
    private readonly RmsNorm? _attentionNorm, _mlpNorm, _attentionOutputNorm, _mlpOutputNorm;
    private readonly GatedMlp? _dense;
    private readonly MixtureOfExperts? _experts;

    internal DecoderLayer(DecoderConfig config, int index, DecoderPart part, WeightLoader weights, RotaryEmbedding rope, IExpertDispatcher dispatcher)
    {
        Index = index;
        LayerBranches branches = config.BranchesOf(index);
        if (branches.HasFlag(LayerBranches.Attention))
        {
            _attentionNorm = Norm(LayerWeight.InputNorm);
            _attention = config.Attention switch
            {
                LatentAttentionConfig latent => new LatentAttention(config, latent, index, weights, rope),
                GroupedQueryAttentionConfig grouped => new GroupedQueryAttention(config, grouped, index, weights, rope),
                _ => throw new NotSupportedException($"attention {config.Attention.GetType().Name}"),
            };
        }
        bool hasMlp = branches.HasFlag(LayerBranches.Mlp);
        if (hasMlp)
            _mlpNorm = Norm(LayerWeight.MlpNorm);
        if (config.SandwichNorm && _attention is not null)
            _attentionOutputNorm = Norm(LayerWeight.AttentionOutputNorm);
        if (config.SandwichNorm && hasMlp)
            _mlpOutputNorm = Norm(LayerWeight.MlpOutputNorm);
        if (!hasMlp)
            return;
        if (config.IsMoeLayer(index))
            _experts = new MixtureOfExperts(config, config.Moe!, index, part, weights, dispatcher);
        else
            _dense = new GatedMlp(
                weights.Projection(index, LayerWeight.Gate, config.IntermediateSize, config.HiddenSize, config.MlpBias),
                weights.Projection(index, LayerWeight.Up, config.IntermediateSize, config.HiddenSize, config.MlpBias),
                weights.Projection(index, LayerWeight.Down, config.HiddenSize, config.IntermediateSize, config.MlpBias));

        RmsNorm Norm(LayerWeight weight) => new(weights.Load(index, weight, config.HiddenSize), config.RmsNormEpsilon);
    }

    /// <summary>Number of the layer in the teacher; it does not change when neighbours are pruned.</summary>
    public int Index { get; }

    /// <summary>What the router decided since the last <see cref="ClearExpertLoad"/>; null without a mixture of experts.</summary>
    public RoutingStatistics? Routing => _experts?.Statistics;

    /// <summary>Tokens of this rank that each routed expert got since the last <see cref="ClearExpertLoad"/>; empty without a mixture of experts.</summary>
    public ReadOnlySpan<long> ExpertLoad => _experts is null ? [] : _experts.Statistics.RowsPerExpert;

    /// <summary>The router's correction bias, or null.</summary>
    public ModelParameter? CorrectionBias => _experts?.CorrectionBias;

    /// <summary>Starts counting what the router decides anew.</summary>
    public void ClearExpertLoad() => _experts?.Statistics.Clear();

    /// <summary>The layer's output for its input, the residual stream included.</summary>
    /// <param name="x_BTH">[B, T, H].</param>
    /// <param name="observer">Told what the router decided, if the layer has one.</param>
    /// <param name="scale">float32 scalar on the CPU that multiplies what attention and MLP add to the residual stream; null for 1.</param>
    /// <param name="branches">What of the layer runs; the stream passes the rest by. Default: all of it.</param>
    /// <returns>[B, T, H]; owned by the current dispose scope.</returns>
    public Tensor Forward(
        Tensor x_BTH, Action<RoutingDecision>? observer = null, Tensor? scale = null, LayerBranches branches = LayerBranches.Both) =>
        Forward(x_BTH, observer, scale, cache: null, branches);

    /// <summary>The same with what this layer keeps of earlier positions.</summary>
    internal Tensor Forward(
        Tensor x_BTH, Action<RoutingDecision>? observer, Tensor? scale, KeyValueCache? cache, LayerBranches branches = LayerBranches.Both)
    {
        using var scope = NewDisposeScope();
        var h_BTH = x_BTH;
        if (_attention is not null && branches.HasFlag(LayerBranches.Attention))
        {
            var attended_BTH = _attention.Forward(_attentionNorm!.Forward(h_BTH), cache?.Of(Index));
            h_BTH = h_BTH + Scaled(_attentionOutputNorm?.Forward(attended_BTH) ?? attended_BTH);
        }
        if (_mlpNorm is not null && branches.HasFlag(LayerBranches.Mlp))
        {
            var normed_BTH = _mlpNorm.Forward(h_BTH);
            var mlp_BTH = _dense is null ? _experts!.Forward(normed_BTH, observer) : _dense.Forward(normed_BTH);
            h_BTH = h_BTH + Scaled(_mlpOutputNorm?.Forward(mlp_BTH) ?? mlp_BTH);
        }
        return (ReferenceEquals(h_BTH, x_BTH) ? x_BTH.alias() : h_BTH).MoveToOuterDisposeScope();

        Tensor Scaled(Tensor branch_BTH) => scale is null ? branch_BTH : ScaledBranchFunction.apply(branch_BTH, scale);
    }

    /// <summary>The same output once more, for a backward pass: tokens are not counted again.</summary>
    internal Tensor ForwardAgain(Tensor x_BTH, Tensor? scale, LayerBranches branches)
    {
        if (Routing is { } counted)
            counted.IsPaused = true;
        var output_BTH = Forward(x_BTH, scale: scale, branches: branches);
        if (Routing is { } paused)
            paused.IsPaused = false;
        return output_BTH;
    }

    /// <summary>Every projection, with the kind of adapter target that it is.</summary>
    public IEnumerable<(Projection Projection, LoraTargets Kind)> Projections()
    {
        foreach (var projection in _attention?.Projections ?? [])
            yield return (projection, LoraTargets.Attention);
        foreach (var projection in _dense?.Projections ?? [])
            yield return (projection, LoraTargets.DenseMlp);
        foreach (var projection in _experts?.SharedProjections ?? [])
            yield return (projection, LoraTargets.SharedExperts);
        foreach (var projection in _experts?.RoutedProjections ?? [])
            yield return (projection, LoraTargets.RoutedExperts);
    }

    /// <summary>
    /// The parameters that what attention and MLP add to the residual stream is proportional to: multiplying them all is a fixed scale of
    /// <see cref="Forward(Tensor, Action{RoutingDecision}, Tensor, LayerBranches)"/>. With sandwich norm the norms of the outputs; otherwise output and down
    /// projections, those of every expert here.
    /// </summary>
    public IEnumerable<ModelParameter> OutputParameters()
    {
        if (_attentionOutputNorm is not null || _mlpOutputNorm is not null)
            return new[] { _attentionOutputNorm?.Weight, _mlpOutputNorm?.Weight }.OfType<ModelParameter>();
        IEnumerable<Projection> outputs =
        [
            .. _attention is null ? Array.Empty<Projection>() : [_attention.Output],
            .. _dense is null ? Array.Empty<Projection>() : [_dense.Down],
            .. _experts?.Downs ?? [],
        ];
        return outputs.SelectMany(output => output.Bias is { } bias ? (ModelParameter[])[output.Weight, bias] : [output.Weight]);
    }

    /// <inheritdoc/>
    public void Dispose() => _attention?.Dispose();
}
