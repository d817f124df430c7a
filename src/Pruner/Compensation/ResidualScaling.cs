using System.Text.Json.Serialization;
using E3Scale.MoE;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Compensation;

/// <summary>
/// Factors on everything that is added to the residual stream before a cut: the embedding, and in each layer what attention and MLP end with. The
/// stream before the cut is then the factor times what it was, exactly up to the epsilon of the norms, because a norm does not see a factor.
/// </summary>
/// <remarks>
/// Prune&amp;Comp, arXiv 2507.18212. By architecture: o_proj and down_proj with their biases, of MLPs and of every routed and shared expert; with
/// sandwich norms the weights of the norms behind attention and MLP instead, since those would undo a factor before them. Where the head is the
/// embedding, the final norm's weight takes the inverse: the logits are those of a head that was separated first, and it stays one matrix.
/// </remarks>
public sealed record ResidualScaling
{
    /// <summary>Factor of the token embedding.</summary>
    [JsonPropertyName("embedding_factor")]
    public required double EmbeddingFactor { get; init; }

    /// <summary>Factor of every layer of the teacher, [L]; 1 behind the last cut.</summary>
    [JsonPropertyName("layer_factors")]
    public required double[] LayerFactors { get; init; }

    /// <summary>Factors that let the stream enter what follows some layers larger.</summary>
    /// <param name="layers">Layers of the teacher, L.</param>
    /// <param name="scales">Dropped layers, each with the factor that the stream before it gets.</param>
    public static ResidualScaling Of(int layers, IEnumerable<(int Layer, double Scale)> scales)
    {
        ArgumentNullException.ThrowIfNull(scales);
        double all = 1;
        double[] factors = new double[layers];
        Array.Fill(factors, 1);
        foreach (var (dropped, scale) in scales)
        {
            all *= scale;
            for (int layer = 0; layer < dropped; layer++)
                factors[layer] *= scale;
        }
        return new ResidualScaling { EmbeddingFactor = all, LayerFactors = factors };
    }

    /// <summary>The factor of every weight that has one, by name.</summary>
    /// <param name="config">The whole model.</param>
    /// <param name="names">Its tensor names.</param>
    /// <exception cref="ArgumentException">The factors are of a model with another number of layers.</exception>
    public IReadOnlyDictionary<string, double> FactorsOf(DecoderConfig config, IDecoderWeightNames names)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(names);
        if (LayerFactors.Length != config.LayerCount)
            throw new ArgumentException($"factors of {LayerFactors.Length} layers for a model of {config.LayerCount}");
        var factors = new Dictionary<string, double>(StringComparer.Ordinal) { [names.Embedding] = EmbeddingFactor };
        if (config.TieWordEmbeddings)
            factors.Add(names.FinalNorm, 1 / EmbeddingFactor);
        for (int layer = 0; layer < config.LayerCount; layer++)
            foreach (var weight in DecoderWeights.OfLayer(config, layer))
                if (weight.Role!.Value.EndsBranch(config.SandwichNorm))
                    factors.Add(weight.NameIn(names), LayerFactors[layer]);
        return factors;
    }

    /// <summary>Scales the weights of a model in memory, each once, in the type that it is kept in; the scales of one in FP8, whose codes stay.</summary>
    /// <param name="model">The model. Optimiser states that exist already do not change: <see cref="ScaleStates"/>.</param>
    public void ScaleWeights(ShardedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var factors = FactorsOf(model.Config, model.Names);
        using var _ = no_grad();
        foreach (var parameter in model.Decoder.Parameters.All)
        {
            if (FactorOf(parameter, factors) is not { } factor)
                continue;
            using var scope = NewDisposeScope();
            (parameter.Blocks?.Scales ?? parameter.Value).detach().mul_(factor);
        }
    }

    /// <summary>
    /// Scales what an optimiser holds of trained weights: master weights and, inversely, the moments of their gradients; then brings the weights into
    /// the model. Collective over the world.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">Its optimiser, with weights that are not scaled yet.</param>
    public void ScaleStates(ShardedModel model, MeshOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        var factors = FactorsOf(model.Config, model.Names);
        foreach (var slice in optimizer.State.Regions.SelectMany(region => region.Slices))
        {
            if (FactorOf(slice.Parameter, factors) is not { } factor)
                continue;
            float[] state = optimizer.State.ReadState(slice.Parameter);
            int count = state.Length / 3;
            for (int i = 0; i < count; i++)
            {
                state[i] = (float)(state[i] * factor);
                state[count + i] = (float)(state[count + i] / factor);
                state[2 * count + i] = (float)(state[2 * count + i] / (factor * factor));
            }
            optimizer.State.WriteState(slice.Parameter, state);
        }
        optimizer.PublishWeights();
    }

    /// <summary>An adapter's product is scaled by its second matrix.</summary>
    private static double? FactorOf(ModelParameter parameter, IReadOnlyDictionary<string, double> factors)
    {
        string? name = Projection.IsAdapter(parameter.Name)
            ? Projection.IsAdapterOutput(parameter.Name) ? Projection.AdaptedWeight(parameter.Name) : null
            : parameter.Name;
        return name is not null && factors.TryGetValue(name, out double factor) && factor != 1 ? factor : null;
    }
}
