using System.Text.Json;
using System.Text.Json.Nodes;
using E3Scale.Data.Randomness;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Search;

// Shape suffixes in this file: L = layers of the teacher, D = draws of a step.

/// <summary>
/// Learns layer scores: draws masks for the micro-batches of a step, collects what each mask's gradient was on every rank, and steps the
/// scores (E3-Pruner, section 3.2; METHODS 1.1, 1.2). Everything here is float64 and the same on every rank.
/// </summary>
public sealed class MaskLearner
{
    private readonly SearchOptions _options;
    private readonly Mesh _mesh;
    private readonly BatchPlan _plan;
    private readonly GumbelTopKSampler _sampler;
    private readonly IDropSchedule _schedule;
    private readonly int _draws;
    private ScoreOptimizer _optimizer;
    private double[] _gradient_L;

    /// <summary>Starts from the importance of the layers.</summary>
    /// <param name="options">The search's settings.</param>
    /// <param name="importance_L">Importance of the layers, of any measure; larger means more important.</param>
    /// <param name="protectedLayers">Layers that are never dropped.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="plan">How micro-batches lie on the mesh.</param>
    /// <param name="parameters_L">Parameters of every layer; needed where the options give a share of them.</param>
    /// <exception cref="ArgumentException">The options do not say how much goes, or too much of what there is.</exception>
    /// <exception cref="MeshException">The draws cannot be shared evenly.</exception>
    public MaskLearner(
        SearchOptions options, double[] importance_L, IReadOnlyCollection<int> protectedLayers, Mesh mesh, BatchPlan plan, long[]? parameters_L = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(importance_L);
        ArgumentNullException.ThrowIfNull(mesh);
        ArgumentNullException.ThrowIfNull(plan);
        (_options, _mesh, _plan) = (options, mesh, plan);
        Scores = options.Scores.Compute(importance_L, protectedLayers);
        _gradient_L = new double[Scores.Length];
        _sampler = new GumbelTopKSampler(Scores.Length, protectedLayers);
        _schedule = ScheduleOf(options, Scores.Length, protectedLayers, parameters_L);
        _optimizer = new ScoreOptimizer(Scores.Length, options.ScoreOptimizer);
        _draws = options.DrawsPerStep > 0 ? options.DrawsPerStep : DefaultDraws(plan.MicroBatchCount);
        int share = plan.MicroBatchCount / _draws;
        if (plan.MicroBatchCount % _draws != 0 || (mesh.Shape.Expert > 1 && share % mesh.Shape.Data != 0))
            throw new MeshException(
                $"search.draws_per_step {_draws}: {plan.MicroBatchCount} micro-batches must divide evenly into draws" +
                (mesh.Shape.Expert > 1 ? $", and with an expert axis each draw must serve all {mesh.Shape.Data} data ranks" : "") +
                ". Lower search.draws_per_step or change the batch.");
    }

    /// <summary>Layer scores [L]; larger means keep.</summary>
    public double[] Scores { get; }

    /// <summary>Layers dropped at a step, by the scores as they are now.</summary>
    public int DroppedAt(int step) => KeptNow(step).Count(kept => !kept);

    /// <summary>Temperature of a step.</summary>
    public double TemperatureAt(int step) => _options.Temperature.At(step, _options.Steps);

    /// <summary>The masks of a step: the same on every rank that works on the same micro-batch.</summary>
    /// <param name="step">0-based.</param>
    public MaskStep Begin(int step)
    {
        var draws = new MaskDraw[_draws];
        var gumbel_L = new double[Scores.Length];
        for (int draw = 0; draw < _draws; draw++)
        {
            var random = new CounterRandom(_options.Train.Seed, "gumbel", (ulong)step, (ulong)draw);
            for (int layer = 0; layer < gumbel_L.Length; layer++)
                gumbel_L[layer] = _options.Noise ? random.NextGumbel() : 0;
            draws[draw] = _sampler.Draw(
                Scores, gumbel_L, perturbed => _schedule.KeptAt(perturbed, step), TemperatureAt(step), _options.Relaxation);
        }
        return new MaskStep(draws, [.. Enumerable.Range(0, _plan.LocalCount).Select(local => _plan.GlobalIndex(local) * _draws / _plan.MicroBatchCount)]);
    }

    /// <summary>Sums the masks' gradients over all ranks. Collective over the world.</summary>
    /// <param name="masks">The step's masks, after the backward passes.</param>
    /// <returns>Whether the gradient of the scores is finite, the same on every rank; only then may they move.</returns>
    public bool Reduce(MaskStep masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        var gradient_DL = masks.CollectGradients(Scores.Length);
        _mesh.World.AllReduce<double>(gradient_DL, ReduceOperation.Sum);
        var gradient_L = _gradient_L = new double[Scores.Length];
        var share_L = new double[Scores.Length];
        for (int draw = 0; draw < _draws; draw++)
        {
            masks.Draws[draw].Backward(gradient_DL.AsSpan(draw * Scores.Length, Scores.Length), share_L);
            for (int layer = 0; layer < gradient_L.Length; layer++)
                gradient_L[layer] += share_L[layer];
        }
        return gradient_L.All(double.IsFinite);
    }

    /// <summary>Moves the scores by the gradient that <see cref="Reduce"/> found.</summary>
    public void Update() => _optimizer.Step(Scores, _gradient_L);

    /// <summary>Layers that would stay if the search ended after so many steps: the largest scores, no noise.</summary>
    /// <param name="step">0-based; decides how many.</param>
    public bool[] KeptNow(int step) => _schedule.KeptAt(Scores, step);

    private static IDropSchedule ScheduleOf(SearchOptions options, int layers, IReadOnlyCollection<int> protectedLayers, long[]? parameters_L) =>
        (options.KeepLayers, options.DropShare) switch
        {
            ({ } keep, null) => new CountedDrops(new ProgressiveSchedule(layers, keep, options.Steps, options.Ramp), protectedLayers),
            (null, { } share) => new WeighedDrops(
                parameters_L ?? throw new ArgumentNullException(nameof(parameters_L), "a share of the parameters goes: how many has each layer?"),
                share, options.Steps, options.Ramp, protectedLayers),
            _ => throw new ArgumentException("give exactly one of the layers that stay and the share of parameters that goes", nameof(options)),
        };

    /// <summary>Neighbouring eight micro-batches share a draw, or all where that does not divide: a rule that knows no mesh.</summary>
    private static int DefaultDraws(int microBatches) =>
        microBatches % SearchOptions.MicroBatchesPerDraw == 0 ? microBatches / SearchOptions.MicroBatchesPerDraw : 1;

    /// <summary>What a checkpoint needs.</summary>
    public JsonObject Save() => new()
    {
        ["scores"] = JsonSerializer.SerializeToNode(Scores),
        ["score_optimizer"] = JsonSerializer.SerializeToNode(_optimizer.State),
    };

    /// <summary>Goes on from a checkpoint.</summary>
    /// <param name="saved">What <see cref="Save"/> gave.</param>
    public void Restore(JsonObject saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        saved["scores"].Deserialize<double[]>()!.CopyTo(Scores, 0);
        _optimizer = new ScoreOptimizer(_options.ScoreOptimizer, saved["score_optimizer"].Deserialize<ScoreOptimizerState>()!);
    }
}

/// <summary>The masks of one step on one rank: a draw for each local micro-batch, and leaves that gather the gradient.</summary>
public sealed class MaskStep : IDisposable
{
    private readonly int[] _drawOfMicroBatch;
    private readonly Tensor[][] _masks;

    internal MaskStep(MaskDraw[] draws, int[] drawOfMicroBatch)
    {
        (Draws, _drawOfMicroBatch) = (draws, drawOfMicroBatch);
        _masks = Array.ConvertAll(drawOfMicroBatch, draw => Array.ConvertAll(draws[draw].Hard, kept =>
            tensor(kept ? 1f : 0f, requires_grad: true).DetachFromDisposeScope()));
        Gates = [.. drawOfMicroBatch.Select((draw, i) => new LayerGate(draws[draw].Hard, _masks[i]))];
    }

    /// <summary>All draws of the step, over all ranks.</summary>
    public IReadOnlyList<MaskDraw> Draws { get; }

    /// <summary>The gate of each local micro-batch.</summary>
    public IReadOnlyList<LayerGate> Gates { get; }

    /// <summary>d loss / d mask [D, L], summed over this rank's micro-batches; 0 for layers of other stages.</summary>
    internal double[] CollectGradients(int layers)
    {
        var gradient_DL = new double[Draws.Count * layers];
        for (int i = 0; i < _masks.Length; i++)
            for (int layer = 0; layer < layers; layer++)
            {
                using var gradient = _masks[i][layer].grad;
                if (gradient is not null)
                    gradient_DL[_drawOfMicroBatch[i] * layers + layer] += gradient.item<float>();
            }
        return gradient_DL;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var masks in _masks)
            foreach (var mask in masks)
                mask.Dispose();
    }
}
