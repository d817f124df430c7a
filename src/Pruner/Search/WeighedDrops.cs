using E3Scale.MoE;

namespace E3Scale.Pruner.Search;

/// <summary>
/// A share of the layers' weight (parameters, or time) that grows with the search: layers go from the smallest score up until their weight reaches it,
/// then those come back, largest score first, without which it is still reached. With layers of one weight these are the smallest scores, as in
/// <see cref="CountedDrops"/>.
/// </summary>
/// <remarks>Not the paper's, which counts layers. The share is that of the weight of all layers; embedding and head cannot go.</remarks>
public sealed class WeighedDrops : IDropSchedule
{
    private readonly long[] _weights;
    private readonly long _total;
    private readonly bool[] _isProtected;
    private readonly int _searchSteps;
    private readonly int _rampSteps;

    /// <summary>Creates the schedule of one search.</summary>
    /// <param name="weights_L">What every layer weighs, [L], all positive.</param>
    /// <param name="share">Share of their sum that the dropped layers have at least, in (0, 1).</param>
    /// <param name="searchSteps">Steps of the search, T_s &gt; 0.</param>
    /// <param name="ramp">Share of the search after which the whole share is dropped, in (0, 1].</param>
    /// <param name="protectedLayers">Layers that always stay.</param>
    /// <param name="quantity">What is weighed, for messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    /// <exception cref="ArgumentException">The layers that may go weigh less than the share asks for.</exception>
    public WeighedDrops(long[] weights_L, double share, int searchSteps, double ramp, IReadOnlyCollection<int> protectedLayers, string quantity = "parameters")
    {
        ArgumentNullException.ThrowIfNull(weights_L);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(searchSteps);
        if (!(share > 0 && share < 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, $"a share of the {quantity} lies in (0, 1)");
        if (!(ramp > 0 && ramp <= 1))
            throw new ArgumentOutOfRangeException(nameof(ramp), ramp, "the ramp is a share of the search, in (0, 1]");
        foreach (long weight in weights_L)
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(weight, nameof(weights_L));
        _weights = weights_L;
        _isProtected = HardMask.ProtectedFlags(weights_L.Length, protectedLayers);
        _searchSteps = searchSteps;
        _rampSteps = Math.Max(1, (int)Math.Round(ramp * searchSteps));
        long all = weights_L.Sum(), free = HardMask.Unmarked(_isProtected).Sum(layer => weights_L[layer]);
        _total = (long)Math.Ceiling(share * all);
        if (_total > free)
            throw new ArgumentException($"{100 * share:0.##} % of the layers' {quantity} is to go, but the layers that may go have {100.0 * free / all:0.##} %");
        if (_total == all)
            throw new ArgumentException("all layers would go");
    }

    /// <summary>Parameters of every layer of a model, or of every branch of them, [U].</summary>
    /// <param name="config">The model.</param>
    /// <param name="units">What is weighed. Default: layers.</param>
    public static long[] ParametersOf(DecoderConfig config, PruningUnits units = PruningUnits.Layers)
    {
        ArgumentNullException.ThrowIfNull(config);
        return
        [
            .. Enumerable.Range(0, config.LayerCount * units.PerLayer()).Select(unit => DecoderWeights.OfLayer(config, units.LayerOf(unit))
                .Where(weight => units.BranchesOf(unit).HasFlag(weight.Role!.Value.BranchOf())).Sum(weight => weight.Count)),
        ];
    }

    /// <summary>Times as weights: whole nanoseconds, at least one, so that sums of them are exact.</summary>
    /// <param name="seconds">Seconds of every layer, [L].</param>
    public static long[] WeightsOf(IReadOnlyList<double> seconds) => [.. seconds.Select(time => Math.Max((long)Math.Round(time * 1e9), 1))];

    /// <summary>Weight that is dropped at least at a step.</summary>
    /// <param name="step">0-based search step.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step lies outside the search.</exception>
    public long WeightAt(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, _searchSteps);
        // A 128-bit product: a model has up to 2^40 parameters, a search may have 2^31 steps.
        return step + 1 >= _rampSteps ? _total : (long)((Int128)_total * (step + 1) / _rampSteps);
    }

    /// <inheritdoc/>
    public bool[] KeptAt(ReadOnlySpan<double> scores, int step)
    {
        if (scores.Length != _weights.Length)
            throw new ArgumentException($"{scores.Length} scores for {_weights.Length} layers", nameof(scores));
        long wanted = WeightAt(step), dropped = 0;
        int[] order = HardMask.Unmarked(_isProtected);
        HardMask.SortLargestFirst(order, scores);
        bool[] kept = new bool[scores.Length];
        Array.Fill(kept, true);
        for (int i = order.Length - 1; i >= 0 && dropped < wanted; i--)
        {
            kept[order[i]] = false;
            dropped += _weights[order[i]];
        }
        foreach (int layer in order)
        {
            if (kept[layer] || dropped - _weights[layer] < wanted)
                continue;
            kept[layer] = true;
            dropped -= _weights[layer];
        }
        return kept;
    }

    /// <inheritdoc/>
    public bool IsEnough(bool[] kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        int[] gone = [.. Enumerable.Range(0, kept.Length).Where(layer => !kept[layer])];
        long dropped = gone.Sum(layer => _weights[layer]);
        return dropped >= _total && gone.All(layer => dropped - _weights[layer] < _total);
    }
}
