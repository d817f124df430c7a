namespace E3Scale.MoE;

/// <summary>A weight that a config implies: what it is and how large, without its values.</summary>
/// <param name="Kind">What it is part of.</param>
/// <param name="Layer">0-based layer, or -1 for embedding, final norm and head.</param>
/// <param name="Role">Which weight of its layer; null outside of layers.</param>
/// <param name="Shape">Sizes, row-major.</param>
/// <param name="Expert">0-based routed expert, or -1.</param>
/// <param name="IsBias">True for the bias beside a projection.</param>
public sealed record WeightShape(WeightKind Kind, int Layer, LayerWeight? Role, IReadOnlyList<long> Shape, int Expert = -1, bool IsBias = false)
{
    /// <summary>Elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Whether FP8 checkpoints store it in 8 bits with a scale per block, as DeepSeek-V3 is published: the matrices of layers, not their biases.</summary>
    public bool IsStoredInFp8 => Kind.IsLayerMatrix() && !IsBias;

    /// <summary>The tensor's name in a family's checkpoints.</summary>
    /// <param name="names">The family's names.</param>
    public string NameIn(IDecoderWeightNames names)
    {
        ArgumentNullException.ThrowIfNull(names);
        string name = Role is { } role ? names.InLayer(Layer, role, Expert) : Kind switch
        {
            WeightKind.Embedding => names.Embedding,
            WeightKind.Head => names.Head,
            _ => names.FinalNorm,
        };
        return IsBias ? LayerNames.BiasOf(name) : name;
    }
}
