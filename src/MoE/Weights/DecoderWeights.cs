namespace E3Scale.MoE;

/// <summary>Every weight that a config implies, in the order in which a decoder creates them. Multi-token prediction is not part of it.</summary>
/// <remarks>The planner counts parameters here, without building anything; a test compares names and shapes with real checkpoints.</remarks>
public static class DecoderWeights
{
    // Weights of a layer beside its routed experts, generously.
    private const long OtherWeightsOfLayer = 64;

    // Over ten times a model of 200 layers with 512 experts each; few enough to list their names.
    private const long MaxWeights = 1L << 22;

    /// <summary>
    /// Refuses a config that implies more weights than any model has. Its fields may each be within their ranges: to list what they imply
    /// together would take all memory.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="path">Its config.json, for the message.</param>
    /// <exception cref="CheckpointException">Layers times experts are too many.</exception>
    public static void RequirePlausibleCount(DecoderConfig config, string path)
    {
        ArgumentNullException.ThrowIfNull(config);
        int mixtures = config.Moe?.LayerIsMoe.Count(isMoe => isMoe) ?? 0, experts = config.Moe?.RoutedExpertCount ?? 0;
        long weights = config.LayerCount * OtherWeightsOfLayer + 3L * mixtures * experts;
        if (weights > MaxWeights)
            throw new CheckpointException(
                $"{path}: {config.LayerCount} layers with {experts} experts in {mixtures} of them are about {weights} tensors, expected at most {MaxWeights}. " +
                "This is not the config.json of a model.");
    }

    /// <summary>Weights of the whole model.</summary>
    /// <param name="config">The model.</param>
    public static IEnumerable<WeightShape> All(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        yield return Embedding(config);
        for (int layer = 0; layer < config.LayerCount; layer++)
            foreach (var weight in OfLayer(config, layer))
                yield return weight;
        foreach (var weight in OfEnd(config))
            yield return weight;
    }

    /// <summary>The token embedding.</summary>
    /// <param name="config">The model.</param>
    public static WeightShape Embedding(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new WeightShape(WeightKind.Embedding, -1, null, [config.VocabularySize, config.HiddenSize]);
    }

    /// <summary>What stands behind the last layer: final norm, and the head unless it is tied.</summary>
    /// <param name="config">The model.</param>
    public static IEnumerable<WeightShape> OfEnd(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        yield return new WeightShape(WeightKind.Norms, -1, null, [config.HiddenSize]);
        if (!config.TieWordEmbeddings)
            yield return new WeightShape(WeightKind.Head, -1, null, [config.VocabularySize, config.HiddenSize]);
    }

    /// <summary>Weights of one layer; none of a branch that was dropped.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layer">0-based layer.</param>
    public static IEnumerable<WeightShape> OfLayer(DecoderConfig config, int layer)
    {
        ArgumentNullException.ThrowIfNull(config);
        var table = new LayerTable(layer);
        table.Norm(LayerWeight.InputNorm, config.HiddenSize);
        if (config.Attention is LatentAttentionConfig latent)
            AddLatent(table, latent, config.HiddenSize);
        else if (config.Attention is GroupedQueryAttentionConfig grouped)
            AddGrouped(table, grouped, config.HiddenSize);
        else
            throw new NotSupportedException(config.Attention.GetType().Name);
        if (config.SandwichNorm)
            table.Norm(LayerWeight.AttentionOutputNorm, config.HiddenSize);
        table.Norm(LayerWeight.MlpNorm, config.HiddenSize);
        if (config.IsMoeLayer(layer))
            AddExperts(table, config.Moe!, config.HiddenSize);
        else
            table.Mlp(
                WeightKind.DenseMlp, config.HiddenSize, config.IntermediateSize, LayerWeight.Gate, LayerWeight.Up, LayerWeight.Down, config.MlpBias);
        if (config.SandwichNorm)
            table.Norm(LayerWeight.MlpOutputNorm, config.HiddenSize);
        LayerBranches branches = config.BranchesOf(layer);
        return branches == LayerBranches.Both ? table.Weights : table.Weights.Where(weight => branches.HasFlag(weight.Role!.Value.BranchOf()));
    }

    /// <summary>Parameters of the whole model.</summary>
    /// <param name="config">The model.</param>
    public static long Count(DecoderConfig config) => All(config).Sum(weight => weight.Count);

    /// <summary>
    /// Parameters that one token is multiplied with: neither the embedding, of which it reads a row, nor the routed experts that it does not go
    /// to. This is what reports call active.
    /// </summary>
    /// <param name="config">The model.</param>
    public static long CountActive(DecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int perToken = config.Moe?.ExpertsPerToken ?? 0;
        return All(config)
            .Where(weight => weight.Expert < perToken && (weight.Kind != WeightKind.Embedding || config.TieWordEmbeddings))
            .Sum(weight => weight.Count);
    }

    private static void AddLatent(LayerTable table, LatentAttentionConfig attention, int hidden)
    {
        int heads = attention.HeadCount, queries = heads * (attention.NopeHeadDim + attention.RopeHeadDim), latent = attention.KeyValueLoraRank;
        if (attention.QueryLoraRank is { } rank)
        {
            table.Projection(WeightKind.Attention, LayerWeight.QueryDown, rank, hidden, attention.Bias);
            table.Norm(LayerWeight.QueryLatentNorm, rank);
            table.Projection(WeightKind.Attention, LayerWeight.QueryUp, queries, rank);
        }
        else
        {
            table.Projection(WeightKind.Attention, LayerWeight.Query, queries, hidden);
        }
        table.Projection(WeightKind.Attention, LayerWeight.KeyValueDown, latent + attention.RopeHeadDim, hidden, attention.Bias);
        table.Norm(LayerWeight.KeyValueLatentNorm, latent);
        table.Projection(WeightKind.Attention, LayerWeight.KeyValueUp, heads * (attention.NopeHeadDim + attention.ValueHeadDim), latent);
        table.Projection(WeightKind.Attention, LayerWeight.AttentionOutput, hidden, heads * attention.ValueHeadDim, attention.OutputBias);
    }

    private static void AddGrouped(LayerTable table, GroupedQueryAttentionConfig attention, int hidden)
    {
        int queries = attention.HeadCount * attention.HeadDim, keys = attention.KeyValueHeadCount * attention.HeadDim;
        table.Projection(WeightKind.Attention, LayerWeight.Query, queries, hidden, attention.Bias);
        table.Projection(WeightKind.Attention, LayerWeight.Key, keys, hidden, attention.Bias);
        table.Projection(WeightKind.Attention, LayerWeight.Value, keys, hidden, attention.Bias);
        if (attention.HasHeadNorms)
        {
            table.Norm(LayerWeight.QueryNorm, attention.HeadDim);
            table.Norm(LayerWeight.KeyNorm, attention.HeadDim);
        }
        table.Projection(WeightKind.Attention, LayerWeight.AttentionOutput, hidden, queries, attention.OutputBias);
    }

    private static void AddExperts(LayerTable table, MoeConfig moe, int hidden)
    {
        table.Add(WeightKind.Router, LayerWeight.Router, [moe.RoutedExpertCount, hidden]);
        if (moe.HasCorrectionBias)
            table.Add(WeightKind.Router, LayerWeight.RouterBias, [moe.RoutedExpertCount]);
        for (int expert = 0; expert < moe.RoutedExpertCount; expert++)
            table.Mlp(
                WeightKind.RoutedExperts, hidden, moe.ExpertIntermediateSize,
                LayerWeight.ExpertGate, LayerWeight.ExpertUp, LayerWeight.ExpertDown, expert: expert);
        if (moe.SharedIntermediateSize > 0)
            table.Mlp(
                WeightKind.SharedExperts, hidden, moe.SharedIntermediateSize, LayerWeight.SharedGate, LayerWeight.SharedUp, LayerWeight.SharedDown);
    }

    /// <summary>Collects the weights of one layer.</summary>
    private sealed class LayerTable(int layer)
    {
        private readonly List<WeightShape> _weights = [];

        public IReadOnlyList<WeightShape> Weights => _weights;

        public void Add(WeightKind kind, LayerWeight role, long[] shape, int expert = -1, bool isBias = false) =>
            _weights.Add(new WeightShape(kind, layer, role, shape, expert, isBias));

        public void Norm(LayerWeight role, int width) => Add(WeightKind.Norms, role, [width]);

        public void Projection(WeightKind kind, LayerWeight role, int outputs, int inputs, bool bias = false, int expert = -1)
        {
            Add(kind, role, [outputs, inputs], expert);
            if (bias)
                Add(kind, role, [outputs], expert, isBias: true);
        }

        public void Mlp(
            WeightKind kind, int hidden, int width, LayerWeight gate, LayerWeight up, LayerWeight down, bool bias = false, int expert = -1)
        {
            Projection(kind, gate, width, hidden, bias, expert);
            Projection(kind, up, width, hidden, bias, expert);
            Projection(kind, down, hidden, width, bias, expert);
        }
    }
}
