using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Data.Randomness;
using E3Scale.MoE;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

// Shape suffixes in this file: L = layers of the teacher, or their branches: what the options call units.

/// <summary>
/// Learns layer scores: draws masks for the micro-batches of a step, collects what each mask's gradient was on every rank, and steps the
/// scores (E3-Pruner, section 3.2; METHODS 1.1, 1.2). Everything here is float64 and the same on every rank.
/// </summary>
public sealed class MaskLearner : IMaskLearner
{
    private readonly SearchOptions _options;
    private readonly MaskSharing _sharing;
    private readonly GumbelTopKSampler _sampler;
    private readonly IDropSchedule _schedule;
    private readonly IReadOnlyCollection<int> _protectedLayers;
    private readonly double[] _start_L;
    private readonly double[] _scores_L;
    private ScoreOptimizer _optimizer;
    private double[] _gradient_L;

    /// <summary>Starts from the importance of the layers.</summary>
    /// <param name="options">The search's settings.</param>
    /// <param name="importance_L">Importance of the layers, of any measure; larger means more important.</param>
    /// <param name="protectedLayers">Layers, or branches, that are never dropped.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="plan">How micro-batches lie on the mesh.</param>
    /// <param name="weights_L">What every layer weighs; needed where the options give a share of it.</param>
    /// <exception cref="ArgumentException">The options do not say how much goes, or too much of what there is.</exception>
    /// <exception cref="MeshException">The draws cannot be shared evenly.</exception>
    public MaskLearner(
        SearchOptions options, double[] importance_L, IReadOnlyCollection<int> protectedLayers, Mesh mesh, BatchPlan plan, long[]? weights_L = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(importance_L);
        (_options, _protectedLayers) = (options, protectedLayers);
        _sharing = new MaskSharing(options.DrawsPerStep, mesh, plan);
        _scores_L = options.Scores.Compute(importance_L, protectedLayers);
        _start_L = [.. _scores_L];
        _gradient_L = new double[_scores_L.Length];
        _sampler = new GumbelTopKSampler(_scores_L.Length, protectedLayers);
        _schedule = ScheduleOf(options, _scores_L.Length, protectedLayers, weights_L);
        _optimizer = new ScoreOptimizer(_scores_L.Length, options.ScoreOptimizer);
    }

    /// <inheritdoc/>
    public string Method => "e3-pruner";

    /// <inheritdoc/>
    public PruningUnits Units => _options.Units;

    /// <inheritdoc/>
    public IReadOnlyList<double> Scores => _scores_L;

    /// <inheritdoc/>
    public string? StartedFrom { get; init; }

    /// <summary>What the loss chose, at the start or at the end; null where it did not.</summary>
    public RefinedMask? Refined { get; private set; }

    /// <inheritdoc/>
    public MaskRefinementResult? Refinement => MaskRefinementResult.Of(Refined, _options.Refinement.At);

    /// <summary>Layers, or branches, dropped at a step, by the scores as they are now.</summary>
    public int DroppedAt(int step) => KeptNow(step).Count(kept => !kept);

    /// <summary>Temperature of a step.</summary>
    public double TemperatureAt(int step) => _options.Temperature.At(step, _options.Steps);

    /// <inheritdoc/>
    public MaskStep Begin(int step)
    {
        var draws = new MaskDraw[_sharing.Draws];
        for (int draw = 0; draw < draws.Length; draw++)
            draws[draw] = _sampler.Draw(
                _scores_L, Gumbel("gumbel", step, draw), perturbed => _schedule.KeptAt(perturbed, step), TemperatureAt(step), _options.Relaxation);
        return new MaskStep(draws, _sharing.DrawOfMicroBatch, units: Units);
    }

    /// <inheritdoc/>
    public bool Reduce(MaskStep masks)
    {
        _gradient_L = _sharing.ReduceToScores(masks, _scores_L.Length);
        return _gradient_L.All(double.IsFinite);
    }

    /// <inheritdoc/>
    public void Update() => _optimizer.Step(_scores_L, _gradient_L);

    /// <inheritdoc/>
    /// <remarks>The largest scores, no noise; after <see cref="Complete"/> what that chose.</remarks>
    public bool[] KeptNow(int step) => RefinesAt(RefinementTime.End) && Refined is { } refined ? refined.Kept : _schedule.KeptAt(_scores_L, step);

    /// <inheritdoc/>
    /// <remarks>
    /// Layers that the chosen mask drops change scores with others, so that theirs are the smallest; in each of the two groups the order stays.
    /// </remarks>
    public void Prepare(IMaskJudge judge)
    {
        if (!RefinesAt(RefinementTime.Start))
            return;
        bool[] kept = Refine(judge).Kept;
        int[] free = [.. Enumerable.Range(0, _scores_L.Length).Except(_protectedLayers)];
        double[] ascending = [.. free.Select(layer => _scores_L[layer]).Order()];
        foreach (var (layer, score) in free.OrderBy(layer => kept[layer]).ThenBy(layer => _scores_L[layer]).ToArray().Zip(ascending))
            _scores_L[layer] = score;
    }

    /// <inheritdoc/>
    public void Complete(ShardedModel model, MeshOptimizer optimizer, IMaskJudge judge)
    {
        if (RefinesAt(RefinementTime.End))
            Refine(judge);
    }

    private bool RefinesAt(RefinementTime time) => _options.Refinement.IsOn && _options.Refinement.At == time;

    /// <summary>Chooses among the mask of the largest scores, that of the scores at the start, and draws with the noise of the search.</summary>
    private RefinedMask Refine(IMaskJudge judge)
    {
        int last = _options.Steps - 1;
        bool[][] candidates =
        [
            _schedule.KeptAt(_scores_L, last),
            _schedule.KeptAt(_start_L, last),
            .. Enumerable.Range(0, _options.Refinement.Draws).Select(draw => _schedule.KeptAt(
                [.. Gumbel("refinement", last, draw).Zip(_scores_L, (gumbel, score) => score + gumbel)], last)),
        ];
        return Refined = new MaskRefinement(judge, _schedule.IsEnough, _protectedLayers).Run(candidates, _options.Refinement.Exchanges);
    }

    /// <inheritdoc/>
    public JsonObject Trajectory(int step) => new()
    {
        ["step"] = step,
        ["temperature"] = TemperatureAt(step),
        ["dropped"] = DroppedAt(step),
        ["scores"] = JsonSerializer.SerializeToNode(_scores_L),
        ["kept"] = JsonSerializer.SerializeToNode(KeptNow(step).Select(kept => kept ? 1 : 0)),
    };

    /// <inheritdoc/>
    public string Describe(int step) => $"{DroppedAt(step)} dropped";

    /// <inheritdoc/>
    public JsonObject Save() => new()
    {
        ["scores"] = JsonSerializer.SerializeToNode(_scores_L),
        ["score_optimizer"] = JsonSerializer.SerializeToNode(_optimizer.State),
        ["refined"] = JsonSerializer.SerializeToNode(Refined),
    };

    /// <inheritdoc/>
    public void Restore(JsonObject saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        saved["scores"].Deserialize<double[]>()!.CopyTo(_scores_L, 0);
        _optimizer = new ScoreOptimizer(_options.ScoreOptimizer, saved["score_optimizer"].Deserialize<ScoreOptimizerState>()!);
        Refined = saved["refined"].Deserialize<RefinedMask>();
    }

    private double[] Gumbel(string key, int step, int draw)
    {
        var random = new CounterRandom(_options.Train.Seed, key, (ulong)step, (ulong)draw);
        var gumbel_L = new double[_scores_L.Length];
        for (int layer = 0; layer < gumbel_L.Length; layer++)
            gumbel_L[layer] = _options.Noise ? random.NextGumbel() : 0;
        return gumbel_L;
    }

    /// <summary>Which layers scores let go, as the options count or weigh them.</summary>
    internal static IDropSchedule ScheduleOf(SearchOptions options, int layers, IReadOnlyCollection<int> protectedLayers, long[]? weights_L) =>
        (options.KeepLayers, options.DropShare) switch
        {
            ({ } keep, null) => new CountedDrops(new ProgressiveSchedule(layers, keep * options.Units.PerLayer(), options.Steps, options.Ramp), protectedLayers),
            (null, { } share) => new WeighedDrops(
                weights_L ?? throw new ArgumentNullException(nameof(weights_L), "a share of the weight goes: what does each layer weigh?"),
                share, options.Steps, options.Ramp, protectedLayers),
            _ => throw new ArgumentException("give exactly one of the layers that stay and the share of weight that goes", nameof(options)),
        };
}
