using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Data.Randomness;
using E3Scale.MoE;
using E3Scale.Pruner.Search;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Methods.ShearedLlama;

// Shape suffixes in this file: L = layers of the teacher.

/// <summary>
/// Learns a hard-concrete gate for every layer under a constraint (arXiv 2310.06694, section 2.1, with layer masks only): the loss gets
/// lambda1 (s - t) + lambda2 (s - t)^2, s the expected share of closed gates, t the share that is to be closed by then. The gates descend, the
/// multipliers ascend. float64, the same on every rank.
/// </summary>
public sealed class HardConcreteLearner : IMaskLearner
{
    private readonly ShearedLlamaOptions _options;
    private readonly IReadOnlyCollection<int> _protectedLayers;
    private readonly bool[] _isProtected_L;
    private readonly MaskSharing _sharing;
    private readonly double[] _logAlpha_L;
    private readonly double[] _multipliers = new double[2];
    private readonly double[] _multiplierGradient = new double[2];
    private ScoreOptimizer _maskOptimizer;
    private ScoreOptimizer _multiplierOptimizer;
    private double[] _gradient_L;
    private int _step;

    /// <summary>Starts with all gates as open as they can be.</summary>
    /// <param name="options">Settings of the masks.</param>
    /// <param name="layers">Layers of the teacher, L.</param>
    /// <param name="protectedLayers">Layers that are never dropped; their gate is 1.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="plan">How micro-batches lie on the mesh.</param>
    /// <exception cref="MeshException">The draws cannot be shared evenly.</exception>
    public HardConcreteLearner(ShearedLlamaOptions options, int layers, IReadOnlyCollection<int> protectedLayers, Mesh mesh, BatchPlan plan)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _protectedLayers) = (options, protectedLayers);
        _isProtected_L = HardMask.ProtectedFlags(layers, protectedLayers);
        _sharing = new MaskSharing(options.DrawsPerStep, mesh, plan);
        // The published start, N(5, 0.01), lies beyond the clamp.
        _logAlpha_L = [.. Enumerable.Repeat(HardConcrete.LargestLogAlpha, layers)];
        _gradient_L = new double[layers];
        _maskOptimizer = new ScoreOptimizer(layers, Adam(options.MaskLearningRate));
        _multiplierOptimizer = new ScoreOptimizer(_multipliers.Length, Adam(options.MultiplierLearningRate));
    }

    /// <inheritdoc/>
    public string Method => "sheared-llama";

    /// <inheritdoc/>
    /// <remarks>The deterministic gates, 0..1; 1 for protected layers.</remarks>
    public IReadOnlyList<double> Scores =>
        [.. _logAlpha_L.Select((logAlpha, layer) => _isProtected_L[layer] ? 1 : HardConcrete.Deterministic(logAlpha))];

    /// <summary>Locations of the gates' distributions, [L].</summary>
    public IReadOnlyList<double> LogAlpha => _logAlpha_L;

    /// <summary>lambda1 and lambda2.</summary>
    public IReadOnlyList<double> Multipliers => _multipliers;

    /// <summary>Expected share of the layers whose gate is 0.</summary>
    public double Sparsity => _logAlpha_L.Where((_, layer) => !_isProtected_L[layer]).Sum(logAlpha => 1 - HardConcrete.Open(logAlpha).Probability) / _logAlpha_L.Length;

    /// <summary>Share of the layers that are to be closed at a step.</summary>
    /// <param name="step">0-based.</param>
    public double TargetAt(int step)
    {
        int warmup = (int)Math.Round(_options.SparsityWarmup * _options.Steps);
        double reached = warmup == 0 ? 1 : Math.Min(1, (double)step / warmup);
        return (1 - (double)_options.KeepLayers / _logAlpha_L.Length) * reached;
    }

    /// <inheritdoc/>
    public MaskStep Begin(int step)
    {
        _step = step;
        var draws = new HardConcreteDraw[_sharing.Draws];
        var uniform_L = new double[_logAlpha_L.Length];
        for (int draw = 0; draw < draws.Length; draw++)
        {
            var random = new CounterRandom(_options.Train.Seed, "hard-concrete", (ulong)step, (ulong)draw);
            for (int layer = 0; layer < uniform_L.Length; layer++)
                uniform_L[layer] = random.NextDouble();
            draws[draw] = new HardConcreteDraw(_logAlpha_L, uniform_L, _isProtected_L);
        }
        return new MaskStep(draws, _sharing.DrawOfMicroBatch, isSoft: true);
    }

    /// <inheritdoc/>
    public bool Reduce(MaskStep masks)
    {
        _gradient_L = _sharing.ReduceToScores(masks, _logAlpha_L.Length);
        double excess = Sparsity - TargetAt(_step);
        double byOpen = -(_multipliers[0] + 2 * _multipliers[1] * excess) / _logAlpha_L.Length;
        for (int layer = 0; layer < _gradient_L.Length; layer++)
            if (!_isProtected_L[layer])
                _gradient_L[layer] += byOpen * HardConcrete.Open(_logAlpha_L[layer]).Slope;
        // The optimiser descends, so that the multipliers ascend by the negated gradient.
        (_multiplierGradient[0], _multiplierGradient[1]) = (-excess, -excess * excess);
        return _gradient_L.All(double.IsFinite);
    }

    /// <inheritdoc/>
    public void Update()
    {
        _maskOptimizer.Step(_logAlpha_L, _gradient_L);
        for (int layer = 0; layer < _logAlpha_L.Length; layer++)
            _logAlpha_L[layer] = Math.Clamp(_logAlpha_L[layer], -HardConcrete.LargestLogAlpha, HardConcrete.LargestLogAlpha);
        _multiplierOptimizer.Step(_multipliers, _multiplierGradient);
    }

    /// <inheritdoc/>
    /// <remarks>The most open gates, as many as the target leaves at that step: sparsity is met on average only, the count exactly.</remarks>
    public bool[] KeptNow(int step) => HardMask.TopK([.. Scores], _logAlpha_L.Length - DroppedAt(step), _protectedLayers);

    /// <inheritdoc/>
    public JsonObject Trajectory(int step) => new()
    {
        ["step"] = step,
        ["temperature"] = HardConcrete.Temperature,
        ["dropped"] = DroppedAt(step),
        ["scores"] = JsonSerializer.SerializeToNode(Scores),
        ["kept"] = JsonSerializer.SerializeToNode(KeptNow(step).Select(kept => kept ? 1 : 0)),
        ["sparsity"] = Sparsity,
        ["target_sparsity"] = TargetAt(step),
        ["multipliers"] = JsonSerializer.SerializeToNode(_multipliers),
    };

    /// <inheritdoc/>
    public string Describe(int step) => $"{100 * Sparsity:F1} % of layers closed, {100 * TargetAt(step):F1} % wanted";

    /// <inheritdoc/>
    /// <remarks>
    /// Kept layers keep their soft gate, multiplied into what their branches end with. Frozen weights beside adapters cannot take it up: these layers
    /// then count in full, which is at most a change from 0.996 for a gate that is still open.
    /// </remarks>
    public void Complete(ShardedModel model, MeshOptimizer optimizer, IMaskJudge judge)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (_options.Train.Lora is not null)
            return;
        bool[] kept = KeptNow(_options.Steps - 1);
        var gates = Scores;
        var factors = new Dictionary<ModelParameter, float>();
        foreach (var layer in model.Decoder.Layers.Where(layer => kept[layer.Index]))
            foreach (var parameter in layer.OutputParameters())
                factors.Add(parameter, (float)gates[layer.Index]);
        optimizer.ScaleWeights(factors);
    }

    /// <inheritdoc/>
    public JsonObject Save() => new()
    {
        ["log_alpha"] = JsonSerializer.SerializeToNode(_logAlpha_L),
        ["multipliers"] = JsonSerializer.SerializeToNode(_multipliers),
        ["mask_optimizer"] = JsonSerializer.SerializeToNode(_maskOptimizer.State),
        ["multiplier_optimizer"] = JsonSerializer.SerializeToNode(_multiplierOptimizer.State),
    };

    /// <inheritdoc/>
    public void Restore(JsonObject saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        saved["log_alpha"].Deserialize<double[]>()!.CopyTo(_logAlpha_L, 0);
        saved["multipliers"].Deserialize<double[]>()!.CopyTo(_multipliers, 0);
        _maskOptimizer = new ScoreOptimizer(Adam(_options.MaskLearningRate), saved["mask_optimizer"].Deserialize<ScoreOptimizerState>()!);
        _multiplierOptimizer = new ScoreOptimizer(
            Adam(_options.MultiplierLearningRate), saved["multiplier_optimizer"].Deserialize<ScoreOptimizerState>()!);
    }

    private int DroppedAt(int step) => (int)Math.Round(TargetAt(step) * _logAlpha_L.Length);

    private static ScoreOptimizerOptions Adam(double learningRate) => new() { LearningRate = learningRate };
}
