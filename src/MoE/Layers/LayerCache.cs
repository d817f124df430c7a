using TorchSharp;
using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: B = rows, K = heads, T = new positions, S = positions in use, D = width.

/// <summary>What one layer keeps: a store for each kind of vector, and what is computed once from its weights.</summary>
internal sealed class LayerCache : IDisposable
{
    private const int SmallestCapacity = 64;
    private readonly List<Tensor> _stores_BKSD = [];
    private Tensor? _absorbed;

    /// <summary>The pass under way.</summary>
    public CachePass Pass { get; set; } = null!;

    /// <summary>Bytes of the stores.</summary>
    public long Bytes => _stores_BKSD.Sum(store => store.numel() * store.element_size());

    /// <summary>Puts new vectors behind those of their rows.</summary>
    /// <param name="part">Which store, in the order of first use.</param>
    /// <param name="new_BKTD">The vectors; T is 1 but for prompts.</param>
    /// <returns>All vectors [B, K, S, D], a view that is valid until the next call; behind a row's own length it holds anything finite.</returns>
    public Tensor Append(int part, Tensor new_BKTD)
    {
        long batch = new_BKTD.shape[0], heads = new_BKTD.shape[1], width = new_BKTD.shape[3];
        if (Pass.IsPrompt)
        {
            var store = NewStore(batch, heads, Math.Max(SmallestCapacity, Pass.Span), width, new_BKTD);
            store.narrow(2, 0, new_BKTD.shape[2]).copy_(new_BKTD);
            _stores_BKSD.Add(store);
        }
        else
        {
            Reserve(part);
            var store = _stores_BKSD[part];
            store.view(-1, width).index_copy_(0, Pass.Places(heads, store.shape[2], store.device), new_BKTD.reshape(-1, width));
        }
        return _stores_BKSD[part].narrow(2, 0, Pass.Span);
    }

    /// <summary>A tensor that is made from the layer's weights when it is first asked for.</summary>
    /// <param name="make">Makes it.</param>
    public Tensor Absorbed(Func<Tensor> make) => _absorbed ??= make().DetachFromDisposeScope();

    /// <summary>Drops all other rows.</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        for (int part = 0; part < _stores_BKSD.Count; part++)
        {
            using var scope = NewDisposeScope();
            var old = _stores_BKSD[part];
            var index = tensor(rows.Select(row => (long)row).ToArray(), device: old.device);
            _stores_BKSD[part] = old.index_select(0, index).DetachFromDisposeScope();
            old.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var store in _stores_BKSD)
            store.Dispose();
        _absorbed?.Dispose();
    }

    /// <summary>Makes room for the pass, half as much again as there was: each vector is copied a few times in all, and little lies idle.</summary>
    private void Reserve(int part)
    {
        var old = _stores_BKSD[part];
        if (old.shape[2] >= Pass.Span)
            return;
        using var scope = NewDisposeScope();
        var larger = NewStore(old.shape[0], old.shape[1], Math.Max(old.shape[2] + old.shape[2] / 2, Pass.Span), old.shape[3], old);
        larger.narrow(2, 0, old.shape[2]).copy_(old);
        old.Dispose();
        _stores_BKSD[part] = larger;
    }

    private static Tensor NewStore(long batch, long heads, long capacity, long width, Tensor like) =>
        zeros([batch, heads, capacity, width], dtype: like.dtype, device: like.device).DetachFromDisposeScope();
}
