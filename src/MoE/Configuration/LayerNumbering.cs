namespace E3Scale.MoE;

/// <summary>Which layers of a model stay when some go, and under which numbers.</summary>
internal sealed class LayerNumbering
{
    private readonly Dictionary<int, int> _positions = [];

    /// <summary>Numbers the kept layers from 0, and the multi-token-prediction layers behind them if they stay.</summary>
    /// <param name="keptLayers">Kept layers, ascending.</param>
    /// <param name="layerCount">Layers of the model, prediction layers not counted.</param>
    /// <param name="keepsPrediction">Whether the prediction layers stay.</param>
    /// <exception cref="ArgumentException">Layers do not ascend, or do not exist.</exception>
    public LayerNumbering(IReadOnlyList<int> keptLayers, int layerCount, bool keepsPrediction)
    {
        if (keptLayers.Count == 0)
            throw new ArgumentException("at least one layer has to be kept", nameof(keptLayers));
        for (int i = 0; i < keptLayers.Count; i++)
        {
            if (keptLayers[i] < 0 || keptLayers[i] >= layerCount || (i > 0 && keptLayers[i] <= keptLayers[i - 1]))
                throw new ArgumentException(
                    $"kept layers {string.Join(", ", keptLayers)} must ascend without repetition in 0..{layerCount - 1}",
                    nameof(keptLayers));
            _positions.Add(keptLayers[i], i);
        }
        (KeptLayers, LayerCount, KeepsPrediction) = (keptLayers, layerCount, keepsPrediction);
    }

    /// <summary>Kept layers, ascending.</summary>
    public IReadOnlyList<int> KeptLayers { get; }

    /// <summary>Layers before, prediction layers not counted.</summary>
    public int LayerCount { get; }

    /// <summary>Whether the prediction layers stay.</summary>
    public bool KeepsPrediction { get; }

    /// <summary>The number that a layer gets, or null when it goes.</summary>
    /// <param name="layer">Its number before.</param>
    public int? PositionOf(int layer) =>
        layer >= LayerCount ? (KeepsPrediction ? layer - LayerCount + KeptLayers.Count : null)
        : _positions.TryGetValue(layer, out int position) ? position : null;
}
