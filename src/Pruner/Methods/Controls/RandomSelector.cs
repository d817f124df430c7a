using E3Scale.Data.Randomness;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Methods.Controls;

/// <summary>Layers drawn by lot: what any method has to beat.</summary>
public sealed class RandomSelector : ILayerSelector
{
    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public long ModelsJudged(int layers, SelectionTarget target) => 0;

    /// <inheritdoc/>
    public LayerSelection Select(ILayerProbe probe, SelectionTarget target)
    {
        var random = new CounterRandom(target.Seed, "random-layers");
        return LayerSelection.Of(Draw(target.Candidates(probe.Layers), target.Drop, ref random), probe.Layers);
    }

    /// <summary>Some of the layers, every set as likely as any other.</summary>
    internal static int[] Draw(int[] layers, int count, ref CounterRandom random)
    {
        int[] shuffled = [.. layers];
        for (int i = 0; i < count; i++)
        {
            int other = i + random.NextInt(shuffled.Length - i);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }
        return shuffled[..count];
    }
}
