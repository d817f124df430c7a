using E3Scale.MoE;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Merging;

/// <summary>The weights of merged layers, made from those of the teacher.</summary>
public static class MergedWeights
{
    /// <summary>
    /// Puts merged layers into a model in memory. Their weights are read from the teacher's files, those of dropped layers too, so that no
    /// rank needs another one.
    /// </summary>
    /// <param name="model">The model; layers that this rank does not hold are ignored. Nothing in it is trainable yet.</param>
    /// <param name="teacher">The teacher's weights.</param>
    /// <param name="layers">What to put in.</param>
    /// <exception cref="StageInputException">A weight is kept in FP8, whose blocks cannot be cut into channels.</exception>
    public static void Apply(ShardedModel model, IWeightSource teacher, IEnumerable<MergedLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(layers);
        using var _ = no_grad();
        HashSet<int> held = [.. model.Decoder.Layers.Select(layer => layer.Index)];
        foreach (var layer in layers.Where(layer => held.Contains(layer.Layer)))
            foreach (var weight in DecoderWeights.OfLayer(model.Config, layer.Layer))
            {
                using var scope = NewDisposeScope();
                var parameter = model.Decoder.Parameters[weight.NameIn(model.Names)];
                if (parameter.Blocks is not null)
                    throw new StageInputException(
                        $"{parameter.Name} is kept in FP8 and cannot be merged. Set train.lora.base_dtype to same or bfloat16.");
                parameter.Value.detach().copy_(Assemble(weight, layer, model.Config, source => Load(weight with { Layer = source })));
            }

        Tensor Load(WeightShape weight) => teacher.Load(weight.NameIn(model.Names), [.. weight.Shape], ScalarType.Float32);
    }

    /// <summary>Names of all weights of merged layers.</summary>
    /// <param name="config">The whole model.</param>
    /// <param name="names">Its tensor names.</param>
    /// <param name="layers">The merged layers.</param>
    public static IEnumerable<string> NamesOf(DecoderConfig config, IDecoderWeightNames names, IEnumerable<MergedLayer> layers) =>
        layers.SelectMany(layer => DecoderWeights.OfLayer(config, layer.Layer)).Select(weight => weight.NameIn(names));

    /// <summary>One weight of a merged layer.</summary>
    /// <param name="weight">Which.</param>
    /// <param name="layer">Where it comes from.</param>
    /// <param name="config">The model.</param>
    /// <param name="weightOf">The same weight of a layer of the teacher, float32; disposed here.</param>
    /// <returns>float32 of the weight's shape; owned by the current dispose scope.</returns>
    public static Tensor Assemble(WeightShape weight, MergedLayer layer, DecoderConfig config, Func<int, Tensor> weightOf)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weightOf);
        using var scope = NewDisposeScope();
        var sources = IsOfMlp(weight.Role) ? layer.Mlp : layer.Attention;
        if (CutOf(weight, (GroupedQueryAttentionConfig)config.Attention) is { } cut)
        {
            Tensor[] parts = [.. sources.Where(source => source.Channels.Length > 0).Select(Part)];
            return (parts.Length == 1 ? parts[0] : cat(parts, cut.Dim)).MoveToOuterDisposeScope();

            Tensor Part(BranchSource source)
            {
                using var whole = weightOf(source.Layer);
                long[] indices =
                    [.. source.Channels.SelectMany(channel => Enumerable.Range(channel * cut.Width, cut.Width).Select(i => (long)i))];
                return whole.index_select(cut.Dim, tensor(indices));
            }
        }
        bool isNormOfStream = weight.Role is LayerWeight.InputNorm or LayerWeight.MlpNorm;
        var sum = zeros([.. weight.Shape], dtype: ScalarType.Float32);
        foreach (var source in sources)
        {
            using var whole = weightOf(source.Layer);
            sum.add_(whole * (isNormOfStream ? source.NormShare : source.Share));
        }
        return sum.MoveToOuterDisposeScope();
    }

    private static bool IsOfMlp(LayerWeight? role) => role is LayerWeight.MlpNorm or LayerWeight.Gate or LayerWeight.Up or LayerWeight.Down;

    /// <summary>Along which dimension a weight has its channels, and how many numbers of it each has; null for one that has none.</summary>
    private static (int Dim, int Width)? CutOf(WeightShape weight, GroupedQueryAttentionConfig attention)
    {
        // The query heads of a key-value head are neighbours.
        int queries = attention.HeadCount / attention.KeyValueHeadCount * attention.HeadDim;
        return weight.Role switch
        {
            LayerWeight.Query => (0, queries),
            LayerWeight.Key or LayerWeight.Value => (0, attention.HeadDim),
            LayerWeight.AttentionOutput => weight.IsBias ? null : (1, queries),
            LayerWeight.Gate or LayerWeight.Up => (0, 1),
            LayerWeight.Down => weight.IsBias ? null : (1, 1),
            _ => null,
        };
    }
}
