using E3Scale.Launcher.Recipes;

namespace E3Scale.Launcher.Commands;

/// <summary>Layers to leave out, as given on the command line.</summary>
internal static class LayerArgument
{
    /// <summary>Refuses layers that the model does not have, and leaving out all of them.</summary>
    /// <param name="dropped">The layers.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="model">For the message.</param>
    /// <exception cref="RecipeException">They cannot be left out.</exception>
    public static void Check(IReadOnlyCollection<int> dropped, int layerCount, string model)
    {
        int known = dropped.Distinct().Count(layer => layer >= 0 && layer < layerCount);
        if (known != dropped.Count || known == layerCount)
            throw new RecipeException(
                $"--drop-layers {string.Join(',', dropped)}: {model} has layers 0 to {layerCount - 1}; name each once, and leave at least one.");
    }
}
