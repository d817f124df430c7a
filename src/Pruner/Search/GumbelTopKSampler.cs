namespace E3Scale.Pruner.Search;

/// <summary>Draws hard masks of kept layers whose gradient is that of the relaxed top-k.</summary>
/// <remarks>
/// E3-Pruner, section 3.2, eq. 4; float64 and no tensors, because one number per layer costs nothing. Noise comes in from
/// outside, keyed by step and micro-batch, so that every rank of a pipeline replica draws the same mask.
/// </remarks>
public sealed class GumbelTopKSampler
{
    private readonly int _layerCount;
    private readonly int[] _protectedLayers;
    private readonly int[] _selectable;

    /// <summary>Creates a sampler over the layers of a model.</summary>
    /// <param name="layerCount">Layers of the teacher, L &gt; 0.</param>
    /// <param name="protectedLayers">Layers that are always kept and stay outside of the selection; the kept count includes them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A protected index is outside 0..L-1, or L is not positive.</exception>
    public GumbelTopKSampler(int layerCount, IReadOnlyCollection<int> protectedLayers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layerCount);
        bool[] isProtected = HardMask.ProtectedFlags(layerCount, protectedLayers);
        _layerCount = layerCount;
        _protectedLayers = [.. protectedLayers];
        _selectable = HardMask.Unmarked(isProtected);
    }

    /// <summary>Draws one mask.</summary>
    /// <param name="scores">Layer scores, [L]; larger means keep.</param>
    /// <param name="gumbel">Gumbel(0, 1) noise, [L] (see <see cref="GumbelNoise"/>); entries of protected layers are not used.</param>
    /// <param name="keep">Layers kept, K, protected ones included.</param>
    /// <param name="temperature">Softmax temperature, dimensionless, &gt; 0. Shapes the gradient only, not which layers are kept.</param>
    /// <param name="relaxation">The side whose choice is relaxed.</param>
    /// <returns>The draw: hard mask, soft mask and the gradient of the latter.</returns>
    /// <exception cref="ArgumentException">A length is not L, or a perturbed score is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keep"/> or <paramref name="temperature"/> is out of range.</exception>
    public MaskDraw Draw(
        ReadOnlySpan<double> scores, ReadOnlySpan<double> gumbel, int keep, double temperature, Relaxation relaxation = Relaxation.Smaller) =>
        Draw(scores, gumbel, perturbed => HardMask.TopK(perturbed, keep, _protectedLayers), temperature, relaxation);

    /// <summary>Draws one mask by another rule than the K largest; the relaxation is that of as many layers as the rule keeps.</summary>
    /// <param name="scores">Layer scores, [L]; larger means keep.</param>
    /// <param name="gumbel">Gumbel(0, 1) noise, [L]; entries of protected layers are not used.</param>
    /// <param name="choose">The hard mask of perturbed scores [L]; must keep protected layers.</param>
    /// <param name="temperature">Softmax temperature, dimensionless, &gt; 0.</param>
    /// <param name="relaxation">The side whose choice is relaxed.</param>
    /// <returns>The draw: hard mask, soft mask and the gradient of the latter.</returns>
    /// <exception cref="ArgumentException">A length is not L, or a perturbed score is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="temperature"/> is out of range.</exception>
    public MaskDraw Draw(
        ReadOnlySpan<double> scores, ReadOnlySpan<double> gumbel, Func<double[], bool[]> choose, double temperature, Relaxation relaxation)
    {
        ArgumentNullException.ThrowIfNull(choose);
        if (scores.Length != _layerCount || gumbel.Length != _layerCount)
            throw new ArgumentException($"{scores.Length} scores and {gumbel.Length} noise values for {_layerCount} layers");
        if (!(temperature > 0 && double.IsFinite(temperature)))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "the temperature is finite and positive");
        double[] perturbed = new double[_layerCount];
        foreach (int layer in _selectable)
        {
            perturbed[layer] = scores[layer] + gumbel[layer];
            if (!double.IsFinite(perturbed[layer]))
                throw new ArgumentException($"layer {layer}: score {scores[layer]} with noise {gumbel[layer]} is not finite", nameof(scores));
        }
        bool[] hard = choose(perturbed);
        return new MaskDraw(hard, _selectable, Relax(perturbed, hard.Count(kept => kept), temperature, relaxation));
    }

    private RelaxedTopK Relax(double[] perturbed, int keep, double temperature, Relaxation relaxation)
    {
        int kept = keep - (_layerCount - _selectable.Length);
        int dropped = _selectable.Length - kept;
        bool relaxDropped = relaxation == Relaxation.Drop || (relaxation == Relaxation.Smaller && dropped < kept);
        double[] start = [.. _selectable.Select(layer => relaxDropped ? -perturbed[layer] : perturbed[layer])];
        return new RelaxedTopK(start, relaxDropped ? dropped : kept, temperature, relaxDropped);
    }
}
