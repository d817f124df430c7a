namespace E3Scale.MoE;

/// <summary>Which tensors of a source an export has, under which names and in which types.</summary>
internal sealed class ExportLayout
{
    private readonly IDecoderWeightNames _names;
    private readonly LayerNumbering _numbering;
    private readonly WeightFormat _format;
    private readonly Dictionary<string, WeightShape> _weights;

    /// <summary>Finds out what every weight of the kept layers is.</summary>
    /// <param name="teacher">The source's config.</param>
    /// <param name="names">Its tensor names.</param>
    /// <param name="numbering">Which layers stay.</param>
    /// <param name="predictionLayers">Multi-token-prediction layers of the source.</param>
    /// <param name="format">How weights are stored.</param>
    /// <param name="blocks">Blocks of FP8 weights, in the source and in the export.</param>
    public ExportLayout(
        DecoderConfig teacher, IDecoderWeightNames names, LayerNumbering numbering, int predictionLayers, WeightFormat format, BlockQuantization blocks)
    {
        (_names, _numbering, _format, Blocks) = (names, numbering, format, blocks);
        // Dropped branches are in the file all the same.
        teacher = teacher with { DroppedBranches = DroppedBranches.None };
        IEnumerable<WeightShape> inLayers = numbering.KeptLayers.SelectMany(layer => DecoderWeights.OfLayer(teacher, layer));
        // A prediction layer holds what the last layer does, and a few tensors of its own, which are never quantised.
        IEnumerable<WeightShape> inPrediction = Enumerable.Range(teacher.LayerCount, numbering.KeepsPrediction ? predictionLayers : 0)
            .SelectMany(layer => DecoderWeights.OfLayer(teacher, teacher.LayerCount - 1).Select(weight => weight with { Layer = layer }));
        _weights = inLayers.Concat(inPrediction).Concat(DecoderWeights.OfEnd(teacher)).Append(DecoderWeights.Embedding(teacher))
            .ToDictionary(weight => weight.NameIn(names), StringComparer.Ordinal);
    }

    /// <summary>Blocks of FP8 weights.</summary>
    public BlockQuantization Blocks { get; }

    /// <summary>Weights of the export, by their names in the source.</summary>
    public IReadOnlyDictionary<string, WeightShape> Weights => _weights;

    /// <summary>What a weight is part of, or null for one that the decoder does not have.</summary>
    /// <param name="name">Its name in the source.</param>
    public WeightKind? KindOf(string name) => _weights.TryGetValue(name, out WeightShape? weight) ? weight.Kind : null;

    /// <summary>Whether a tensor belongs to no layer, or to one that stays.</summary>
    /// <param name="name">Its name in the source.</param>
    public bool Includes(string name) => _names.LayerOf(name) is not { } layer || _numbering.PositionOf(layer) is not null;

    /// <summary>Name in the export.</summary>
    /// <param name="name">Name in the source.</param>
    /// <exception cref="ArgumentException">Its layer is not kept.</exception>
    public string NameOf(string name)
    {
        if (_names.LayerOf(name) is not { } layer)
            return name;
        return _numbering.PositionOf(layer) is { } position
            ? _names.InOtherLayer(name, position)
            : throw new ArgumentException($"'{name}' belongs to layer {layer}, which is not kept", nameof(name));
    }

    /// <summary>Type in the export.</summary>
    /// <param name="name">Name in the source.</param>
    /// <param name="stored">Type in the source, or null when that has no weights.</param>
    /// <exception cref="ArgumentException">The type of a source without weights is to be kept.</exception>
    public SafetensorsType TypeOf(string name, SafetensorsType? stored) => _format switch
    {
        _ when stored is { } other && !other.IsFloat() => other,
        WeightFormat.Keep => stored ?? throw new ArgumentException($"'{name}' has no type in the source that could be kept", nameof(name)),
        WeightFormat.Fp8 when _weights.TryGetValue(name, out WeightShape? weight) && weight.IsStoredInFp8 => SafetensorsType.F8_E4M3,
        _ when _format == WeightFormat.Fp32 || _names.StaysFloat32(name) => SafetensorsType.F32,
        _ => SafetensorsType.BF16,
    };
}
