namespace E3Scale.MoE;

/// <summary>The tensors that a config implies, compared with those of a checkpoint.</summary>
internal sealed class ExpectedTensors
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly List<string> _misshapen = [];
    private readonly ArchitectureConfig _model;
    private readonly int _predictionEnd;

    /// <summary>Compares.</summary>
    /// <param name="model">The config.</param>
    /// <param name="checkpoint">The tensors.</param>
    public ExpectedTensors(ArchitectureConfig model, HuggingFaceCheckpoint checkpoint)
    {
        _model = model;
        _predictionEnd = model.Config.LayerCount + model.PredictionLayerCount;
        foreach (WeightShape weight in DecoderWeights.All(model.Config))
            Expect(checkpoint, weight.NameIn(model.Family.Names), weight.Shape);
        // Loaders that do not know of dropped branches ask for their tensors too.
        foreach (WeightShape weight in DecoderWeights.All(model.Config with { DroppedBranches = DroppedBranches.None }))
            _known.Add(weight.NameIn(model.Family.Names));
        // Some tied models store the head all the same.
        if (model.Config.TieWordEmbeddings)
            _known.Add(model.Family.Names.Head);
    }

    /// <summary>Weights that the checkpoint lacks, or the scales of one that is in FP8.</summary>
    public IEnumerable<string> Missing => _missing;

    /// <summary>Weights of another shape.</summary>
    public IEnumerable<string> Misshapen => _misshapen;

    /// <summary>Whether a tensor has a part in the model, or is one of those that loaders know to leave out.</summary>
    /// <param name="name">Its name.</param>
    public bool Knows(string name) => TensorRoles.Of(_model.Family.Names, _model.Config.LayerCount, name) switch
    {
        TensorRole.Prediction => _model.Family.Names.LayerOf(name) < _predictionEnd,
        TensorRole.RotaryTable => true,
        TensorRole.Scale => _known.Contains(name[..^TensorRoles.ScaleSuffix.Length]),
        _ => _known.Contains(name),
    };

    private void Expect(HuggingFaceCheckpoint checkpoint, string name, IReadOnlyList<long> shape)
    {
        _known.Add(name);
        if (!checkpoint.Contains(name))
            _missing.Add(name);
        else if (!checkpoint.ShapeOf(name).SequenceEqual(shape))
            _misshapen.Add($"{name}: {TensorEntry.FormatShape(checkpoint.ShapeOf(name))}, the config asks for {TensorEntry.FormatShape(shape)}");
        else if (checkpoint.TypeOf(name).IsFp8())
            ExpectScales(checkpoint, name + TensorRoles.ScaleSuffix, shape);
    }

    private void ExpectScales(HuggingFaceCheckpoint checkpoint, string name, IReadOnlyList<long> weightShape)
    {
        long[] shape = weightShape is [long rows, long columns] ? checkpoint.Quantization.ScaleShape(rows, columns) : [];
        if (!checkpoint.Contains(name))
            _missing.Add(name);
        else if (!checkpoint.ShapeOf(name).SequenceEqual(shape))
            _misshapen.Add($"{name}: {TensorEntry.FormatShape(checkpoint.ShapeOf(name))}, its weight and the blocks ask for {TensorEntry.FormatShape(shape)}");
    }
}
