using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Merging;

// Shape suffixes in this file: B = sequences, T = positions, N = B*T, H = hidden, C = channels of a branch, L = layers.

/// <summary>
/// How much each channel of attention and MLP adds to the residual stream: mean over tokens of its magnitude, times the sum of the
/// magnitudes of its column of the projection back into the stream.
/// </summary>
internal sealed class ChannelSensitivity : IDisposable
{
    private readonly ShardedModel _model;
    private readonly Dictionary<int, (Branch Attention, Branch Mlp)> _branches = [];

    /// <summary>Begins to look at what enters the last projections of this rank's layers.</summary>
    /// <param name="model">A model that <see cref="MergeableModels"/> accepts.</param>
    public ChannelSensitivity(ShardedModel model)
    {
        _model = model;
        foreach (var layer in model.Decoder.Layers)
        {
            _branches.Add(layer.Index, (new Branch(Find(LayerWeight.AttentionOutput)), new Branch(Find(LayerWeight.Down))));

            Projection Find(LayerWeight role) =>
                layer.Projections().Single(found => found.Projection.Weight.Name == model.Names.InLayer(layer.Index, role)).Projection;
        }
    }

    /// <summary>
    /// Takes in what a layer has computed since the last time; a pass that is not counted is forgotten with the next one.
    /// </summary>
    /// <param name="layer">A layer of this rank.</param>
    public void Count(int layer)
    {
        _branches[layer].Attention.Count();
        _branches[layer].Mlp.Count();
    }

    /// <summary>The sensitivities. Collective over the world.</summary>
    /// <param name="tokens_L">Tokens that went through each layer, on all ranks.</param>
    /// <returns>[L, K] of key-value heads and [L, I] of neurons; 0 for layers that did not run.</returns>
    public (double[][] Attention, double[][] Mlp) Finish(ReadOnlySpan<long> tokens_L)
    {
        var config = _model.Config;
        var attention = (GroupedQueryAttentionConfig)config.Attention;
        double[][] channels = Reduce(branches => branches.Attention, attention.HeadCount * attention.HeadDim, tokens_L);
        int width = attention.HeadCount / attention.KeyValueHeadCount * attention.HeadDim;
        return (
            [.. channels.Select(channels_C => channels_C.Chunk(width).Select(ofHead => ofHead.Average()).ToArray())],
            Reduce(branches => branches.Mlp, config.IntermediateSize, tokens_L));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (attention, mlp) in _branches.Values)
        {
            attention.Dispose();
            mlp.Dispose();
        }
    }

    private double[][] Reduce(Func<(Branch Attention, Branch Mlp), Branch> of, int width, ReadOnlySpan<long> tokens_L)
    {
        var own = _model.OwnParameters().ToHashSet();
        double[] magnitudes_LC = new double[tokens_L.Length * width], columns_LC = new double[tokens_L.Length * width];
        foreach (var (layer, branches) in _branches)
        {
            var branch = of(branches);
            branch.Magnitudes_C?.CopyTo(magnitudes_LC, layer * width);
            if (own.Contains(branch.Output.Weight))
                ColumnSums(branch.Output.Weight).CopyTo(columns_LC, layer * width);
        }
        var world = _model.Mesh.World;
        world.AllReduce<double>(magnitudes_LC, ReduceOperation.Sum);
        world.AllReduce<double>(columns_LC, ReduceOperation.Sum);
        var sensitivity = new double[tokens_L.Length][];
        for (int layer = 0; layer < sensitivity.Length; layer++)
        {
            double tokens = Math.Max(tokens_L[layer], 1);
            int start = layer * width;
            sensitivity[layer] = [.. Enumerable.Range(start, width).Select(i => magnitudes_LC[i] / tokens * columns_LC[i])];
        }
        return sensitivity;
    }

    private static double[] ColumnSums(ModelParameter weight)
    {
        using var scope = NewDisposeScope();
        return Widened(weight.ValueAs(ScalarType.Float32).detach().abs().sum([0]));
    }

    private static double[] Widened(Tensor value_C)
    {
        float[] values_C = TensorMemory.AsSpan<float>(value_C.to_type(ScalarType.Float32).cpu().contiguous()).ToArray();
        return Array.ConvertAll(values_C, value => (double)value);
    }

    /// <summary>The end of a branch on this rank.</summary>
    private sealed class Branch : IDisposable
    {
        private double[]? _latest_C;

        public Branch(Projection output)
        {
            Output = output;
            output.InputObserver = Take;
        }

        public Projection Output { get; }

        /// <summary>Sum over tokens of the magnitude of each channel, [C]; null before the first.</summary>
        public double[]? Magnitudes_C { get; private set; }

        public void Count()
        {
            Magnitudes_C = Magnitudes_C?.Zip(_latest_C!, (sum, latest) => sum + latest).ToArray() ?? _latest_C;
            _latest_C = null;
        }

        public void Dispose() => Output.InputObserver = null;

        private void Take(Tensor x_BTC)
        {
            using var scope = NewDisposeScope();
            _latest_C = Widened(x_BTC.to_type(ScalarType.Float32).abs().flatten(0, 1).sum([0]));
        }
    }
}
