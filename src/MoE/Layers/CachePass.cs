using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = rows, S = positions that are looked at.

/// <summary>One forward pass with a cache: where its tokens go and what they see. Common to all layers.</summary>
/// <param name="lengths">Tokens of each row: of the prompts that come now, or of what is in the cache already.</param>
/// <param name="isPrompt">Whether whole prompts come, or one token for each row.</param>
internal sealed class CachePass(int[] lengths, bool isPrompt) : IDisposable
{
    private readonly Dictionary<(long Heads, long Capacity), Tensor> _places = [];
    private readonly Dictionary<int, Tensor?> _masks = [];
    private Tensor? _positions_B;

    /// <summary>Whether whole prompts come: they see only each other, and attention runs as without a cache.</summary>
    public bool IsPrompt => isPrompt;

    /// <summary>Positions of the cache that are in use after this pass, S.</summary>
    public int Span { get; } = isPrompt ? lengths.Max() : lengths.Max() + 1;

    /// <summary>Position of each row's new token, int64 [B].</summary>
    public Tensor Positions(Device device) =>
        _positions_B ??= tensor(Array.ConvertAll(lengths, length => (long)length), device: device).DetachFromDisposeScope();

    /// <summary>Where each row's new token goes in a store [B, heads, capacity, ...] whose first three dimensions are made one: int64 [B * heads].</summary>
    public Tensor Places(long heads, long capacity, Device device)
    {
        if (_places.TryGetValue((heads, capacity), out var known))
            return known;
        var places = new long[lengths.Length * heads];
        for (int i = 0; i < places.Length; i++)
            places[i] = i * capacity + lengths[i / heads];
        return _places[(heads, capacity)] = tensor(places, device: device).DetachFromDisposeScope();
    }

    /// <summary>Of each row the first position that its new token sees, and the one after the last, which is its own.</summary>
    /// <param name="window">Positions that a token sees, itself included; null for all.</param>
    public (int First, int End)[] Seen(int? window) =>
        Array.ConvertAll(lengths, length => (window is { } width ? Math.Max(0, length + 1 - width) : 0, length + 1));

    /// <summary>0 where a row's new token may look, minus infinity elsewhere, float32 [B, 1, 1, S]; null when every row may look everywhere.</summary>
    /// <param name="window">Positions that a token sees, itself included; null for all.</param>
    /// <param name="device">Where to.</param>
    public Tensor? Mask(int? window, Device device)
    {
        int width = window ?? int.MaxValue;
        if (_masks.TryGetValue(width, out var known))
            return known;
        bool seesAll = lengths.All(length => length + 1 == Span) && Span <= width;
        return _masks[width] = seesAll ? null : NewMask(width, device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _positions_B?.Dispose();
        foreach (var places in _places.Values)
            places.Dispose();
        foreach (var mask in _masks.Values)
            mask?.Dispose();
    }

    private Tensor NewMask(int width, Device device)
    {
        var mask = new float[lengths.Length * Span];
        Array.Fill(mask, float.NegativeInfinity);
        for (int row = 0; row < lengths.Length; row++)
        {
            int first = Math.Max(0, lengths[row] + 1 - width);
            mask.AsSpan(row * Span + first, lengths[row] + 1 - first).Clear();
        }
        return tensor(mask, [lengths.Length, 1, 1, Span], dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
    }
}
