namespace E3Scale.Pruner.Search;

/// <summary>One draw of the layer mask: hard in the forward pass, soft in the backward pass (straight-through).</summary>
/// <remarks>
/// The forward pass of the student uses <see cref="Hard"/>; <see cref="Soft"/> only carries the gradient. Its entries sum to the kept
/// count, but a single one can exceed 1 or fall below 0, so activations are never multiplied by it.
/// </remarks>
public sealed class MaskDraw : IMaskDraw
{
    private readonly int[] _selectable;
    private readonly RelaxedTopK _relaxed;

    internal MaskDraw(bool[] hard, int[] selectable, RelaxedTopK relaxed)
    {
        (Hard, Gates) = (hard, Array.ConvertAll(hard, kept => kept ? 1.0 : 0));
        _selectable = selectable;
        _relaxed = relaxed;
        Soft = new double[hard.Length];
        Array.Fill(Soft, 1);
        for (int i = 0; i < selectable.Length; i++)
            Soft[selectable[i]] = relaxed.Negated ? 1 - relaxed.KHot[i] : relaxed.KHot[i];
    }

    /// <summary>bool [L]: the layers that this draw keeps.</summary>
    public bool[] Hard { get; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Gates { get; }

    /// <summary>double [L]: the relaxation of <see cref="Hard"/>; 1 for protected layers.</summary>
    public double[] Soft { get; }

    /// <summary>Gradient of the loss with respect to the scores, J^T g with J = dSoft/dScores.</summary>
    /// <param name="lossByMask">dLoss/dm of every layer, [L], taken at the hard mask.</param>
    /// <param name="lossByScores">Receives dLoss/dscores, [L]; overwritten. Protected layers get 0.</param>
    /// <exception cref="ArgumentException">A length is not L.</exception>
    public void Backward(ReadOnlySpan<double> lossByMask, Span<double> lossByScores)
    {
        if (lossByMask.Length != Soft.Length || lossByScores.Length != Soft.Length)
            throw new ArgumentException($"gradients of {lossByMask.Length} and {lossByScores.Length} entries for {Soft.Length} layers");
        double[] gradient = new double[_selectable.Length];
        for (int i = 0; i < gradient.Length; i++)
            gradient[i] = lossByMask[_selectable[i]];
        lossByScores.Clear();
        // Dropped side: soft = 1 - khot(-a). The two signs cancel, so the sweep is the same for both sides.
        double[] byStart = _relaxed.Backward(gradient);
        for (int i = 0; i < gradient.Length; i++)
            lossByScores[_selectable[i]] = byStart[i];
    }
}
