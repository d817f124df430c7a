using E3Scale.MoE;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>
/// Measures layers while a model trains, by clocks around their forward passes and around the backward passes of the stage. A backward pass runs
/// through all layers of a stage in one go; its time is shared out in proportion to the forward passes that it goes back through.
/// </summary>
public sealed class LayerTimer
{
    private readonly Mesh _mesh;
    private readonly double[] _forward_L, _kept_L;
    private readonly long[] _passes_L;
    private double _stageForward, _stageBackward;
    private long _stagePasses;

    /// <summary>Prepares to measure.</summary>
    /// <param name="mesh">The mesh.</param>
    /// <param name="layers">Layers of the teacher.</param>
    public LayerTimer(Mesh mesh, int layers)
    {
        _mesh = mesh;
        (_forward_L, _kept_L, _passes_L) = (new double[layers], new double[layers], new long[layers]);
    }

    /// <summary>Counts every pass of a model from now on.</summary>
    /// <param name="model">The model; on the mesh of this timer.</param>
    public void Attach(ShardedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Decoder.AfterLayerPass = Add;
        model.Executor.AfterPass = pass => AddStagePass(pass.Action.Kind == PipelineActionKind.Forward, pass.BusySeconds);
    }

    /// <summary>Counts the forward pass of a layer.</summary>
    /// <param name="pass">Which, and how long.</param>
    public void Add(LayerPass pass)
    {
        _forward_L[pass.Layer] += pass.Seconds;
        _kept_L[pass.Layer] += pass.KeptSeconds;
        _passes_L[pass.Layer]++;
    }

    /// <summary>Counts a pass of the whole stage.</summary>
    /// <param name="isForward">False for a backward pass, or a part of one.</param>
    /// <param name="busySeconds">Without the waits for other stages.</param>
    public void AddStagePass(bool isForward, double busySeconds)
    {
        if (isForward)
        {
            _stageForward += busySeconds;
            _stagePasses++;
        }
        else
        {
            _stageBackward += busySeconds;
        }
    }

    /// <summary>Averages what all ranks measured since the last time, and starts anew. Collective over the world; the same bits on every rank.</summary>
    /// <returns>
    /// Whole: what each layer costs when it is kept, with a backward pass. Spent: what it did cost, a forward pass alone where masks dropped it.
    /// </returns>
    public (LayerCosts Whole, LayerCosts Spent) Reduce()
    {
        int layers = _forward_L.Length;
        double head = _mesh.IsLastStage ? Math.Max(_stageForward - _forward_L.Sum(), 0) : 0;
        double goneBackThrough = _kept_L.Sum() + head;
        double perForward = goneBackThrough > 0 ? _stageBackward / goneBackThrough : 0;

        // Per layer: whole, spent, passes; then the head's two; then the micro-batches of the first stage, which are those of the step.
        var sums = new double[3 * layers + 3];
        for (int layer = 0; layer < layers; layer++)
        {
            sums[layer] = _forward_L[layer] * (1 + perForward);
            sums[layers + layer] = _forward_L[layer] + _kept_L[layer] * perForward;
            sums[2 * layers + layer] = _passes_L[layer];
        }
        sums[3 * layers] = head * (1 + perForward);
        sums[3 * layers + 1] = _mesh.IsLastStage ? _stagePasses : 0;
        sums[3 * layers + 2] = _mesh.IsFirstStage ? _stagePasses : 0;
        _mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        // MPI does not promise the same last bit on every rank, and a decision hangs on it.
        _mesh.World.Broadcast<double>(sums, 0);
        Clear();

        double headMean = sums[3 * layers] / Math.Max(sums[3 * layers + 1], 1);
        return (Means(0), Means(layers));

        LayerCosts Means(int first) => new()
        {
            Layers = [.. Enumerable.Range(0, layers).Select(layer => sums[first + layer] / Math.Max(sums[2 * layers + layer], 1))],
            Head = headMean,
            MicroBatches = (long)sums[3 * layers + 2],
        };
    }

    /// <summary>Forgets what was measured: a first step compiles code and takes memory.</summary>
    public void Clear()
    {
        Array.Clear(_forward_L);
        Array.Clear(_kept_L);
        Array.Clear(_passes_L);
        (_stageForward, _stageBackward, _stagePasses) = (0, 0, 0);
    }
}
