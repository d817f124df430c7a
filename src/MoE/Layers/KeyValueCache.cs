namespace E3Scale.MoE;

/// <summary>
/// What the layers of a part keep of the positions that they have seen, so that generating a token costs one position instead of the whole text:
/// rotated keys and values for grouped-query attention, the compressed latent and the rotated rotary key for latent attention (DeepSeek-V2,
/// section 2.1), which is 576 numbers a token and layer for DeepSeek-R1.
/// </summary>
/// <remarks>
/// The first forward pass takes whole prompts, padded on the right to the longest; every further one takes one token for each row, which is put
/// behind the row's own text. Every stage of a pipeline has a cache of its own.
/// </remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly Dictionary<int, LayerCache> _layers = [];
    private int[] _lengths;
    private CachePass? _pass;

    /// <summary>An empty cache.</summary>
    /// <param name="promptLengths">Tokens of each row's prompt, at least 1.</param>
    public KeyValueCache(IReadOnlyList<int> promptLengths)
    {
        ArgumentNullException.ThrowIfNull(promptLengths);
        ArgumentOutOfRangeException.ThrowIfZero(promptLengths.Count, nameof(promptLengths));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(promptLengths.Min(), nameof(promptLengths));
        _lengths = [.. promptLengths];
    }

    /// <summary>
    /// Whether texts of a length can be continued from a cache. With dynamic rotary scaling beyond the trained context they cannot: every new token
    /// would change the keys of all before it.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="positions">Longest text, prompt and answer together.</param>
    public static bool Supports(DecoderConfig config, int positions)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Rope.Dynamic is not { } dynamic || positions <= dynamic.MaxPositions;
    }

    /// <summary>Tokens of each row: the prompt's, and those that forward passes added.</summary>
    public IReadOnlyList<int> Lengths => _lengths;

    /// <summary>Whether the prompts went through: what comes now is one token for each row.</summary>
    public bool HasPrompts { get; private set; }

    /// <summary>Bytes that the cache takes now, on this rank.</summary>
    public long Bytes => _layers.Values.Sum(layer => layer.Bytes);

    /// <summary>Drops rows, those of finished texts; the others move up.</summary>
    /// <param name="rows">Rows that stay, ascending.</param>
    public void Keep(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        _lengths = [.. rows.Select(row => _lengths[row])];
        foreach (LayerCache layer in _layers.Values)
            layer.Keep(rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pass?.Dispose();
        foreach (LayerCache layer in _layers.Values)
            layer.Dispose();
    }

    /// <summary>A forward pass over these positions begins.</summary>
    /// <exception cref="ArgumentException">They are neither the prompts nor one token for each row.</exception>
    internal void Begin(long rows, long positions)
    {
        long expected = HasPrompts ? 1 : _lengths.Max();
        if (rows != _lengths.Length || positions != expected)
            throw new ArgumentException($"the cache has {_lengths.Length} rows and expects {expected} positions of each, got {rows} rows of {positions}");
        _pass?.Dispose();
        _pass = new CachePass(_lengths, isPrompt: !HasPrompts);
    }

    /// <summary>The forward pass went through all layers.</summary>
    internal void End()
    {
        if (HasPrompts)
            _lengths = Array.ConvertAll(_lengths, length => length + 1);
        HasPrompts = true;
    }

    /// <summary>What a layer kept, for the pass that is under way.</summary>
    internal LayerCache Of(int layer)
    {
        if (!_layers.TryGetValue(layer, out var cache))
            _layers.Add(layer, cache = new LayerCache());
        cache.Pass = _pass!;
        return cache;
    }
}
