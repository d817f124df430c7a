using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>The attention branch of a layer, without norm and residual.</summary>
internal interface IAttention : IDisposable
{
    /// <summary>Every linear projection, for adapters and export.</summary>
    IEnumerable<Projection> Projections { get; }

    /// <summary>The projection back into the residual stream.</summary>
    Projection Output { get; }

    /// <summary>[B, T, H] to [B, T, H], causal. Positions are 0..T-1, or with a cache behind those of a prompt its next one.</summary>
    /// <param name="x_BTH">The layer's normed input.</param>
    /// <param name="cache">Keeps what later positions need of these; null when there are none.</param>
    Tensor Forward(Tensor x_BTH, LayerCache? cache = null);
}
