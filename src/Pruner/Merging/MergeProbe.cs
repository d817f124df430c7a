using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Importance;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Merging;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden, L = layers, C = channels.

/// <summary>Measures and merges layers of a model on a mesh.</summary>
internal sealed class MergeProbe : IMergeProbe
{
    private readonly ShardedModel _model;
    private readonly IWeightSource _teacher;
    private readonly ModelProbe _probe;
    private readonly MergedLayer[] _layers_L;

    /// <summary>Begins with a model of which nothing is merged.</summary>
    /// <param name="model">The teacher, whole.</param>
    /// <param name="teacher">Its weights.</param>
    /// <param name="probe">Runs the calibration text through it.</param>
    /// <exception cref="StageInputException">Layers of such a model cannot be merged.</exception>
    public MergeProbe(ShardedModel model, IWeightSource teacher, ModelProbe probe)
    {
        MergeableModels.Require(model.Config);
        (_model, _teacher, _probe) = (model, teacher, probe);
        _layers_L = [.. Enumerable.Range(0, model.Config.LayerCount).Select(layer => MergedLayer.Unmerged(model.Config, layer))];
    }

    /// <summary>A layer as it is now.</summary>
    /// <param name="layer">0-based layer.</param>
    public MergedLayer this[int layer] => _layers_L[layer];

    /// <summary>Whether two layers can be merged.</summary>
    public bool CanMerge(int first, int second) => MergeableModels.CanMerge(_model.Config, first, second);

    /// <inheritdoc/>
    public MergeMeasures Measure(IReadOnlyList<bool> isKept)
    {
        var config = _model.Config;
        var influence = new BlockInfluence(config.LayerCount, config.HiddenSize);
        var ends = new LastPositions(_probe.Sequences, config);
        using var sensitivity = new ChannelSensitivity(_model);
        _probe.Observe(isKept, (sequences, layer, input_BTH, output_BTH) =>
        {
            influence.Add(layer, ModelProbe.Floats(input_BTH), ModelProbe.Floats(output_BTH));
            ends.Add(sequences, layer, input_BTH, output_BTH);
            sensitivity.Count(layer);
        });
        var world = _model.Mesh.World;
        world.AllReduce(influence.CosineSums, ReduceOperation.Sum);
        world.AllReduce(influence.TokenCounts, ReduceOperation.Sum);
        var (attention, mlp) = sensitivity.Finish(influence.TokenCounts);
        _probe.AfterModels?.Invoke(1);
        return new MergeMeasures
        {
            Influence = [.. Enumerable.Range(0, config.LayerCount).Select(layer => isKept[layer] ? influence.Score(layer) : double.NaN)],
            PairScores = ends.PairScores(isKept, world),
            Attention = attention,
            Mlp = mlp,
        };
    }

    /// <inheritdoc/>
    public double LossAfter(IReadOnlyList<bool> isKept, LayerMerge merge, MergeMeasures measures)
    {
        var before = _layers_L[merge.Into];
        MergedWeights.Apply(_model, _teacher, [Merged(merge, measures)]);
        double loss = _probe.Loss([.. isKept.Select((kept, layer) => kept && layer != merge.Layer)], ProbeMetric.CrossEntropy);
        MergedWeights.Apply(_model, _teacher, [before]);
        return loss;
    }

    /// <inheritdoc/>
    public void Merge(LayerMerge merge, MergeMeasures measures)
    {
        _layers_L[merge.Into] = Merged(merge, measures);
        MergedWeights.Apply(_model, _teacher, [_layers_L[merge.Into]]);
    }

    private MergedLayer Merged(LayerMerge merge, MergeMeasures measures)
    {
        var (into, other) = (_layers_L[merge.Into], _layers_L[merge.Layer]);
        return into with
        {
            Attention = BranchConcatenation.Merge(
                into.Attention, measures.Attention[merge.Into], other.Attention, measures.Attention[merge.Layer], merge.Share),
            Mlp = BranchConcatenation.Merge(into.Mlp, measures.Mlp[merge.Into], other.Mlp, measures.Mlp[merge.Layer], merge.Share),
        };
    }
}
