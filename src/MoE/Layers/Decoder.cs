using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = batch, T = positions, H = hidden, V = vocabulary.

/// <summary>A decoder-only transformer, or the part of one that a rank holds. Not thread-safe.</summary>
public sealed class Decoder : IDisposable
{
    private readonly RotaryEmbedding _rope;
    private readonly List<DecoderLayer> _layers = [];
    private readonly Dictionary<int, StreamPatch> _patches = [];
    private readonly ModelParameter? _embedding;
    private readonly RmsNorm? _finalNorm;
    private readonly ModelParameter? _head;
    private readonly Func<IWeightSource, WeightLoader> _loaderOf;
    private readonly IExpertDispatcher _dispatcher;
    private LoraOptions? _adapters;
    private bool _trainsEverything;

    /// <summary>Builds a part of a model from its weights; nothing is trainable until <see cref="TrainEverything"/> or <see cref="AddAdapters"/>.</summary>
    /// <param name="config">The model.</param>
    /// <param name="names">Tensor names of its family.</param>
    /// <param name="source">Where weights come from: only those of this part are asked for.</param>
    /// <param name="part">Which part; null for the whole model.</param>
    /// <param name="dtype">float32 or bfloat16. Default float32.</param>
    /// <param name="dispatcher">How tokens reach their experts; null when all experts are in this part.</param>
    /// <param name="frozen">How layers' matrices are kept; other than <see cref="FrozenStorage.Same"/> only adapters can be trained.</param>
    /// <param name="device">Holds weights and activations; null for the CPU.</param>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    public Decoder(
        DecoderConfig config, IDecoderWeightNames names, IWeightSource source,
        DecoderPart? part = null, ScalarType dtype = ScalarType.Float32, IExpertDispatcher? dispatcher = null,
        FrozenStorage frozen = FrozenStorage.Same, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(names);
        using var scope = NewDisposeScope();
        Config = config;
        Part = part ?? DecoderPart.Whole(config);
        DType = dtype;
        Device = device ?? CPU;
        _rope = new RotaryEmbedding(config.Rope);
        _dispatcher = dispatcher ?? new LocalExpertDispatcher();
        _loaderOf = from => new WeightLoader(from, names, Parameters, dtype, frozen, Rounding, Device);
        var weights = _loaderOf(source);
        if (Part.HasEmbedding || (Part.HasHead && config.TieWordEmbeddings))
            _embedding = weights.Load(names.Embedding, [config.VocabularySize, config.HiddenSize], -1);
        foreach (int layer in Part.Layers)
            _layers.Add(new DecoderLayer(config, layer, Part, weights, _rope, _dispatcher));
        if (Part.HasHead)
        {
            _finalNorm = new RmsNorm(weights.Load(names.FinalNorm, [config.HiddenSize], -1), config.RmsNormEpsilon);
            _head = config.TieWordEmbeddings ? _embedding : weights.Load(names.Head, [config.VocabularySize, config.HiddenSize], -1);
        }
    }

    /// <summary>The whole model, dropped layers included.</summary>
    public DecoderConfig Config { get; }

    /// <summary>What this rank was built with.</summary>
    public DecoderPart Part { get; }

    /// <summary>Type of activations, and of weights but for those that <see cref="FrozenStorage"/> keeps in a smaller one.</summary>
    public ScalarType DType { get; }

    /// <summary>Where weights and activations are.</summary>
    public Device Device { get; }

    /// <summary>What was lost when weights were rounded for <see cref="FrozenStorage"/>.</summary>
    public RoundingError Rounding { get; } = new();

    /// <summary>Weights of this part.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>
    /// Told during a backward pass which layers have all of their gradients from it; null (default) for nobody. Whoever runs the last backward
    /// pass of a step sets it for that pass.
    /// </summary>
    public IGradientListener? GradientListener { get; set; }

    /// <summary>Which activations wait for the backward pass. Default <see cref="Recomputation.None"/>: all.</summary>
    public Recomputation Recomputation { get; set; }

    /// <summary>
    /// Where the weight gradients of projections go that run from now on, adapters included; null (default): their backward computes them at
    /// once. Other weights (norms, routers, biases, embedding, head) always get theirs from the backward pass.
    /// </summary>
    public DeferredWeightGradients? WeightGradients
    {
        get => Parameters.WeightGradients;
        set => Parameters.WeightGradients = value;
    }

    /// <summary>Layers of this part that still exist, ascending.</summary>
    public IReadOnlyList<DecoderLayer> Layers => _layers;

    /// <summary>Told how long each layer that ran took in <see cref="Forward"/>; null (default) for nobody.</summary>
    public Action<LayerPass>? AfterLayerPass { get; set; }

    /// <summary>The embedding matrix when this part holds it (with tied embeddings, the part with the head does too).</summary>
    public ModelParameter? Embedding => _embedding;

    /// <summary>Token ids into the residual stream.</summary>
    /// <param name="ids_BT">int64 [B, T], on any device.</param>
    /// <returns>[B, T, H] on this decoder's device.</returns>
    public Tensor Embed(Tensor ids_BT)
    {
        using var scope = NewDisposeScope();
        return _embedding!.Value.index_select(0, ids_BT.reshape(-1).to(Device)).reshape(ids_BT.shape[0], ids_BT.shape[1], -1).MoveToOuterDisposeScope();
    }

    /// <summary>Runs the layers of this part.</summary>
    /// <param name="hidden_BTH">Residual stream before the first layer of this part.</param>
    /// <param name="gate">Which layers take part; null for all.</param>
    /// <param name="afterLayer">Told each layer's number and output, dropped layers included.</param>
    /// <param name="routing">Told what each router decided.</param>
    /// <param name="cache">What these layers keep of earlier positions, without graph; null when all positions are here.</param>
    /// <returns>[B, T, H]; owned by the current dispose scope.</returns>
    /// <exception cref="ArgumentException">The cache expects other rows or positions, or the gate has masks, which a cache does not go with.</exception>
    public Tensor Forward(
        Tensor hidden_BTH, LayerGate? gate = null, Action<int, Tensor>? afterLayer = null, Action<RoutingDecision>? routing = null,
        KeyValueCache? cache = null)
    {
        if (cache is not null && gate?.Masks is not null)
            throw new ArgumentException("masks are learned on whole sequences; a cache is for generation", nameof(cache));
        cache?.Begin(hidden_BTH.shape[0], hidden_BTH.shape[1]);
        foreach (var layer in _layers)
        {
            hidden_BTH = RunLayer(layer, Watch(layer, hidden_BTH), gate, routing, cache);
            afterLayer?.Invoke(layer.Index, hidden_BTH);
        }
        cache?.End();
        return hidden_BTH;
    }

    /// <summary>The stream behind a layer's patch; the stream itself where the layer has none.</summary>
    /// <param name="layer">0-based layer.</param>
    /// <param name="hidden_BTH">Its output.</param>
    /// <returns>[B, T, H]; owned by the current dispose scope where there is a patch.</returns>
    public Tensor Patched(int layer, Tensor hidden_BTH) => _patches.TryGetValue(layer, out var patch) ? patch.Forward(hidden_BTH) : hidden_BTH;

    /// <summary>Final norm and head.</summary>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    /// <returns>[B, T, V] of the model's dtype.</returns>
    public Tensor Logits(Tensor hidden_BTH) => F.linear(Normalize(hidden_BTH), _head!.Value);

    /// <summary>A loss of all positions. In host memory the logits exist a block of positions at a time, never all of them.</summary>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    /// <param name="loss">The loss of a block.</param>
    /// <param name="scale">Factor on it.</param>
    /// <returns>The scaled sum, a scalar with a graph, float32; null where the tensors are elsewhere, and <see cref="Logits"/> must be asked for.</returns>
    public Tensor? HeadLoss(Tensor hidden_BTH, IHeadLoss loss, double scale)
    {
        ArgumentNullException.ThrowIfNull(loss);
        using var scope = NewDisposeScope();
        var hidden_NH = Normalize(hidden_BTH).flatten(0, 1);
        if (!HeadLossFunction.Supports(hidden_NH, _head!.Value))
            return null;
        bool withGradient = is_grad_enabled() && (hidden_NH.requires_grad || _head.Value.requires_grad);
        return HeadLossFunction.apply(hidden_NH, _head.Value, loss, scale, withGradient).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of a few ids per position, without the product with the whole head.</summary>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    /// <param name="ids_NK">Ids [N, K], N = B * T positions in order.</param>
    /// <returns>[N, K].</returns>
    public Tensor LogitsAt(Tensor hidden_BTH, int[] ids_NK)
    {
        ArgumentNullException.ThrowIfNull(ids_NK);
        using var scope = NewDisposeScope();
        var hidden_NH = Normalize(hidden_BTH).flatten(0, 1);
        long tokens = hidden_NH.shape[0], perToken = ids_NK.Length / tokens;
        if (SelectedLogitsFunction.Supports(hidden_NH, _head!.Value))
            return SelectedLogitsFunction.apply(hidden_NH, _head.Value, ids_NK).MoveToOuterDisposeScope();
        var rows_NKH = _head.Value.index_select(0, tensor(ids_NK, device: hidden_NH.device)).reshape(tokens, perToken, -1);
        return (rows_NKH * hidden_NH.unsqueeze(1)).sum(-1).MoveToOuterDisposeScope();
    }

    /// <summary>Final norm alone.</summary>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    public Tensor Normalize(Tensor hidden_BTH) => _finalNorm!.Forward(hidden_BTH);

    /// <summary>Makes every weight trainable but the routers' correction biases, which no gradient reaches.</summary>
    /// <exception cref="InvalidOperationException">Routed experts have copies, whose gradients nothing would add up.</exception>
    public void TrainEverything()
    {
        RequireOneCopy();
        _trainsEverything = true;
        foreach (var parameter in Parameters.All)
            parameter.Trainable = true;
        foreach (var layer in _layers)
            if (layer.CorrectionBias is { } bias)
                bias.Trainable = false;
    }

    /// <summary>Takes back <see cref="TrainEverything"/>: no weight is trainable any more.</summary>
    public void Freeze()
    {
        _trainsEverything = false;
        foreach (var parameter in Parameters.All)
            parameter.Trainable = false;
    }

    /// <summary>Freezes all weights and puts low-rank adapters beside the chosen projections; outputs do not change.</summary>
    /// <param name="options">Rank, scale, targets.</param>
    /// <param name="noise">Fills a buffer with uniform numbers in [-1, 1), given the adapter's name: the same on every mesh.</param>
    /// <exception cref="InvalidOperationException">Routed experts have copies, whose gradients nothing would add up.</exception>
    public void AddAdapters(LoraOptions options, Action<string, Memory<float>> noise)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireOneCopy();
        _adapters = options;
        foreach (var parameter in Parameters.All)
            parameter.Trainable = StreamPatch.IsPatch(parameter.Name);
        foreach (var (projection, kind) in _layers.SelectMany(layer => layer.Projections()))
            if (options.Targets.HasFlag(kind))
                projection.AddAdapter(options, noise);
    }

    /// <summary>Puts a linear map behind a layer, before anything becomes trainable. It trains with all weights, and with adapters too.</summary>
    /// <param name="name">The parameter's name, <see cref="StreamPatch.NameOf"/>.</param>
    /// <param name="layer">A layer of this part.</param>
    /// <param name="weight_HH">float32 [H, H]; taken over.</param>
    /// <exception cref="ArgumentException">This part does not hold the layer, it has a patch, or the weight has another shape or type.</exception>
    public void AddPatch(string name, int layer, Tensor weight_HH)
    {
        ArgumentNullException.ThrowIfNull(weight_HH);
        if (!_layers.Exists(held => held.Index == layer) || _patches.ContainsKey(layer))
            throw new ArgumentException($"layer {layer} is not in this part, or has a patch already", nameof(layer));
        if (weight_HH.dtype != ScalarType.Float32 || !weight_HH.shape.AsSpan().SequenceEqual([Config.HiddenSize, Config.HiddenSize]))
            throw new ArgumentException(
                $"a patch of type {weight_HH.dtype} and shape [{string.Join(", ", weight_HH.shape)}], expected float32 [{Config.HiddenSize}, {Config.HiddenSize}]",
                nameof(weight_HH));
        _patches.Add(layer, new StreamPatch(Parameters.Add(name, weight_HH.to(Device, disposeAfter: true), ParameterPlacement.Dense, layer)));
    }

    /// <summary>Patches of this part, by the layer whose output they take.</summary>
    public IReadOnlyDictionary<int, StreamPatch> Patches => _patches;

    /// <summary>Takes over a layer of another part, with its adapters when this one has any; it trains as the layers here do.</summary>
    /// <param name="index">Layer of the teacher that this part does not hold yet.</param>
    /// <param name="source">Where its weights come from. Asked for the layer's parameters in the order of the other part's <see cref="Parameters"/>.</param>
    public void AddLayer(int index, IWeightSource source)
    {
        if (_layers.Exists(layer => layer.Index == index))
            throw new ArgumentException($"layer {index} is in this part already", nameof(index));
        using var scope = NewDisposeScope();
        var added = new DecoderLayer(Config, index, Part, _loaderOf(source), _rope, _dispatcher);
        foreach (var (projection, kind) in added.Projections())
            if (_adapters is not null && _adapters.Targets.HasFlag(kind))
                projection.LoadAdapter(_adapters, source);
        _layers.Insert(_layers.FindIndex(layer => layer.Index > index) is var next and >= 0 ? next : _layers.Count, added);
        Parameters.Sort(_embedding);
        if (_trainsEverything)
            TrainEverything();
    }

    /// <summary>Removes layers for good and frees their weights.</summary>
    /// <param name="dropped">Layers of the teacher; those of other parts are ignored.</param>
    public void RemoveLayers(IReadOnlyCollection<int> dropped)
    {
        foreach (var layer in _layers.Where(layer => dropped.Contains(layer.Index)))
            layer.Dispose();
        _layers.RemoveAll(layer => dropped.Contains(layer.Index));
        foreach (int layer in dropped)
            _patches.Remove(layer);
        Parameters.Remove(parameter => parameter.Layer >= 0 && dropped.Contains(parameter.Layer));
    }

    /// <summary>Weights as an export writes them, patches left out: adapters merged, in float32, by the teacher's tensor names; one at a time.</summary>
    /// <returns>Each parameter of the teacher, and a function that makes a tensor which the caller disposes.</returns>
    public IEnumerable<(ModelParameter Parameter, Func<Tensor> Value)> MergedWeights()
    {
        var merged = _layers.SelectMany(layer => layer.Projections()).Where(p => p.Projection.HasAdapter)
            .ToDictionary(p => p.Projection.Weight.Name, p => p.Projection, StringComparer.Ordinal);
        foreach (var parameter in Parameters.All)
        {
            if (Projection.IsAdapter(parameter.Name) || StreamPatch.IsPatch(parameter.Name))
                continue;
            if (merged.TryGetValue(parameter.Name, out var projection))
                yield return (parameter, projection.MergedWeight);
            else
                yield return (parameter, () => Widened(parameter));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers)
            layer.Dispose();
        _rope.Dispose();
        Parameters.Dispose();
    }

    private void RequireOneCopy()
    {
        if (Part.Placement is { HasReplicas: true })
            throw new InvalidOperationException(
                "routed experts with copies on several ranks are for forward passes only; build the model to be trained without replicas.");
    }

    private static Tensor Widened(ModelParameter parameter)
    {
        using var scope = NewDisposeScope();
        return parameter.ValueAs(ScalarType.Float32).detach().DetachFromDisposeScope();
    }

    /// <summary>Seconds since a time stamp: a layer's, not those of handing its operations to the GPU.</summary>
    private double SecondsSince(long start)
    {
        if (Device.type == DeviceType.CUDA)
            cuda.synchronize(Device);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private Tensor Watch(DecoderLayer layer, Tensor x_BTH) =>
        is_grad_enabled() && x_BTH.requires_grad ? LayerInputFunction.apply(x_BTH, this, layer.Index) : x_BTH;

    private Tensor Run(
        DecoderLayer layer, LayerBranches branches, Tensor x_BTH, Action<RoutingDecision>? routing, KeyValueCache? cache, Tensor? scale = null)
    {
        if (Recomputation == Recomputation.None || !is_grad_enabled())
            return layer.Forward(x_BTH, routing, scale, cache, branches);
        // Nothing before may train: the weights of this layer still need to be in the graph.
        var input_BTH = x_BTH.requires_grad ? x_BTH : x_BTH.detach().requires_grad_();
        return RecomputedLayerFunction.apply(input_BTH, layer, routing!, scale!, branches);
    }

    /// <summary>A layer and its patch, unit by unit of the gate.</summary>
    private Tensor RunLayer(DecoderLayer layer, Tensor x_BTH, LayerGate? gate, Action<RoutingDecision>? routing, KeyValueCache? cache)
    {
        double seconds = 0, keptSeconds = 0;
        bool runs = false;
        var units = gate?.Units ?? PruningUnits.Layers;
        int last = units.OfLayer(layer.Index).Last();
        foreach (int unit in units.OfLayer(layer.Index))
        {
            long start = Stopwatch.GetTimestamp();
            x_BTH = RunUnit(layer, unit, units.BranchesOf(unit), x_BTH, gate, routing, cache);
            if (unit == last)
                x_BTH = Patched(layer.Index, x_BTH);
            if (AfterLayerPass is null || gate?.Runs(unit) == false)
                continue;
            double passed = SecondsSince(start);
            runs = true;
            seconds += passed;
            keptSeconds += gate?.IsKept[unit] == false ? 0 : passed;
        }
        if (runs)
            AfterLayerPass!(new LayerPass(layer.Index, seconds, keptSeconds));
        return x_BTH;
    }

    private Tensor RunUnit(
        DecoderLayer layer, int unit, LayerBranches branches, Tensor x_BTH, LayerGate? gate, Action<RoutingDecision>? routing, KeyValueCache? cache)
    {
        bool kept = gate is null || gate.IsKept[unit];
        if (gate?.Masks is not { } masks)
            return kept ? Run(layer, branches, x_BTH, routing, cache) : x_BTH;
        if (gate.IsSoft)
            return kept ? Run(layer, branches, x_BTH, routing, cache, masks[unit]) : x_BTH;
        using var scope = NewDisposeScope();
        Tensor output_BTH;
        if (kept)
        {
            output_BTH = Run(layer, branches, x_BTH, routing, cache: null);
        }
        else
        {
            // Forward only: nothing is kept for the weights of what is dropped (METHODS 1.2).
            using var _ = no_grad();
            output_BTH = layer.Forward(x_BTH, routing, branches: branches);
        }
        return MaskedLayerFunction.apply(x_BTH, output_BTH, masks[unit]).MoveToOuterDisposeScope();
    }
}
