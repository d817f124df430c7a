using static TorchSharp.torch;

namespace E3Scale.MoE;

/// <summary>The attention branch of a layer, without norm and residual.</summary>
internal interface IAttention : IDisposable
{
    /// <summary>Every linear projection, for adapters and export.</summary>
    IEnumerable<Projection> Projections { get; }

    /// <summary>The projection back into the residual stream.</summary>
    Projection Output { get; }

    /// <summary>[B, T, H] to [B, T, H], positions 0..T-1, causal.</summary>
    Tensor Forward(Tensor x_BTH);
}
