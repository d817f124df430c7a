using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Selection;

/// <summary>A second set of a decoder's trainable weights, which can take the place of the first.</summary>
internal sealed class WeightCopy : IDisposable
{
    private readonly List<(ModelParameter Parameter, Tensor Other)> _weights;

    /// <summary>Copies the weights as they are.</summary>
    /// <param name="decoder">Must outlive the copy.</param>
    public WeightCopy(Decoder decoder)
    {
        _weights = [.. decoder.Parameters.Trainable.Select(parameter => (parameter, parameter.Value.detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>Puts the other set into the decoder and keeps the one that was there.</summary>
    public void Exchange()
    {
        foreach (var (parameter, other) in _weights)
        {
            using var scope = NewDisposeScope();
            var value = parameter.Value.detach();
            var held = value.clone();
            value.copy_(other);
            other.copy_(held);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, other) in _weights)
            other.Dispose();
    }
}
