using E3Scale.Pruner.Search;

namespace E3Scale.Pruner.Methods.ShearedLlama;

/// <summary>A gate for every layer, drawn from hard-concrete distributions; those of protected layers are 1.</summary>
internal sealed class HardConcreteDraw : IMaskDraw
{
    private readonly double[] _gates_L;
    private readonly double[] _slopes_L;

    /// <summary>Draws.</summary>
    /// <param name="logAlpha_L">Locations, [L].</param>
    /// <param name="uniform_L">Draws from U(0, 1), [L].</param>
    /// <param name="isProtected_L">Layers without a distribution, [L].</param>
    public HardConcreteDraw(ReadOnlySpan<double> logAlpha_L, ReadOnlySpan<double> uniform_L, ReadOnlySpan<bool> isProtected_L)
    {
        (_gates_L, _slopes_L) = (new double[logAlpha_L.Length], new double[logAlpha_L.Length]);
        for (int layer = 0; layer < _gates_L.Length; layer++)
            (_gates_L[layer], _slopes_L[layer]) = isProtected_L[layer] ? (1, 0) : HardConcrete.Sample(logAlpha_L[layer], uniform_L[layer]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Gates => _gates_L;

    /// <inheritdoc/>
    public void Backward(ReadOnlySpan<double> lossByMask, Span<double> lossByScores)
    {
        for (int layer = 0; layer < _slopes_L.Length; layer++)
            lossByScores[layer] = lossByMask[layer] * _slopes_L[layer];
    }
}
