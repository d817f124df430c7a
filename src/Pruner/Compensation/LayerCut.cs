using System.Text.Json.Serialization;

namespace E3Scale.Pruner.Compensation;

/// <summary>Neighbouring layers that were dropped, with kept ones or the ends of the model around them.</summary>
/// <param name="First">First dropped layer.</param>
/// <param name="End">First layer behind them; L where the last layer goes.</param>
public readonly record struct LayerCut(
    [property: JsonPropertyName("first")] int First,
    [property: JsonPropertyName("end")] int End)
{
    /// <summary>The cuts that dropped layers make, ascending.</summary>
    /// <param name="dropped">Dropped layers, in any order.</param>
    public static IReadOnlyList<LayerCut> Of(IEnumerable<int> dropped)
    {
        var cuts = new List<LayerCut>();
        foreach (int layer in dropped.Order())
            if (cuts.Count > 0 && cuts[^1].End == layer)
                cuts[^1] = cuts[^1] with { End = layer + 1 };
            else
                cuts.Add(new LayerCut(layer, layer + 1));
        return cuts;
    }
}
