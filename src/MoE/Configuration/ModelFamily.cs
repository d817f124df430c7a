using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE;

/// <summary>One architecture: how its config.json is read, what its tensors are called, how its config looks after pruning.</summary>
public abstract class ModelFamily
{
    /// <summary>Values of config.json's model_type that this family answers to.</summary>
    public abstract IReadOnlyList<string> ModelTypes { get; }

    /// <summary>Tensor names.</summary>
    public abstract IDecoderWeightNames Names { get; }

    /// <summary>Reads config.json.</summary>
    /// <param name="config">The parsed file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="CheckpointException">A field is missing, of the wrong type or outside its range.</exception>
    public abstract DecoderConfig ParseConfig(JsonElement config, string path);

    /// <summary>The config of a model that keeps only some layers, renumbered from 0; every other field as it was.</summary>
    /// <param name="original">config.json of the teacher; not changed.</param>
    /// <param name="keptLayers">Kept layers of the teacher, ascending.</param>
    /// <param name="keepsPrediction">Whether multi-token-prediction layers stay; without them the config says that there are none.</param>
    /// <param name="dropped">Branches of kept layers that go, by numbers of the teacher; null for none.</param>
    /// <exception cref="ArgumentException">The architecture's config cannot express what is left.</exception>
    public JsonObject PruneConfig(JsonObject original, IReadOnlyList<int> keptLayers, bool keepsPrediction = false, DroppedBranches? dropped = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(keptLayers);
        DecoderConfig teacher = ParseConfig(JsonSerializer.SerializeToElement(original), "config of the teacher");
        LayerNumbering numbering = new(keptLayers, teacher.LayerCount, keepsPrediction);
        JsonObject pruned = LayerPruning.KeepLayers(original, numbering, Names);
        RewriteLayers(pruned, teacher, keptLayers);
        RewriteBranches(pruned, teacher.DroppedBranches.With(dropped ?? DroppedBranches.None), numbering);
        if (!keepsPrediction)
            DropPrediction(pruned);
        return pruned;
    }

    /// <summary>Multi-token-prediction layers that a checkpoint has behind its other layers. By default none.</summary>
    /// <param name="config">The parsed config.json.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="CheckpointException">The field is of the wrong type or outside its range.</exception>
    public virtual int PredictionLayerCount(JsonElement config, string path) => 0;

    /// <summary>
    /// Modules that an FP8 checkpoint's quantization_config has to name as not quantised (<c>modules_to_not_convert</c>). By default none, as
    /// DeepSeek-V3 is published.
    /// </summary>
    /// <param name="config">The model.</param>
    public virtual IEnumerable<string> UnquantizedModules(DecoderConfig config) => [];

    /// <summary>Rewrites the fields of this architecture that speak of layers, beyond their number and lists with an entry per layer.</summary>
    /// <param name="pruned">The config of the pruned model; changed.</param>
    /// <param name="teacher">The model before.</param>
    /// <param name="keptLayers">Kept layers of the teacher, ascending.</param>
    protected virtual void RewriteLayers(JsonObject pruned, DecoderConfig teacher, IReadOnlyList<int> keptLayers)
    {
    }

    private static void RewriteBranches(JsonObject pruned, DroppedBranches dropped, LayerNumbering numbering)
    {
        DroppedBranches left = dropped.Renumber(numbering);
        if (left.Misplaced(numbering.KeptLayers.Count).Any())
            throw new ArgumentException(
                $"layer {numbering.KeptLayers[left.Misplaced(numbering.KeptLayers.Count).First()]} would have neither attention nor MLP; drop the layer", nameof(dropped));
        pruned.Remove(DroppedBranches.ConfigField);
        if (!left.IsEmpty)
            pruned[DroppedBranches.ConfigField] = left.ToJson();
    }

    /// <summary>Makes a config say that there are no multi-token-prediction layers.</summary>
    /// <param name="pruned">The config of the pruned model; changed.</param>
    protected virtual void DropPrediction(JsonObject pruned)
    {
    }

    /// <summary>Module names of the head and of every router.</summary>
    /// <param name="config">The model.</param>
    protected IEnumerable<string> HeadAndRouters(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Enumerable.Range(0, config.LayerCount).Where(config.IsMoeLayer)
            .Select(layer => Names.InLayer(layer, LayerWeight.Router))
            .Prepend(Names.Head)
            .Select(name => name[..name.LastIndexOf('.')]);
    }

    /// <summary>
    /// Every tensor of the published checkpoint: the weights, and what a loader leaves out. By default the weights alone, in bfloat16.
    /// </summary>
    /// <param name="config">The parsed config.json.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="CheckpointException">A field is missing, of the wrong type or outside its range.</exception>
    public virtual IEnumerable<PublishedTensor> PublishedTensors(JsonElement config, string path) =>
        DecoderWeights.All(ParseConfig(config, path)).Select(weight => new PublishedTensor(weight.NameIn(Names), SafetensorsType.BF16, weight.Shape));
}
