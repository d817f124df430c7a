using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: N = rows, O = outputs, I = inputs.

/// <summary>
/// Weight gradients of linear maps that a backward pass left for later: of each the input and the output gradient, from which
/// <see cref="Run"/> computes what the backward pass would have. Lets a pipeline send the gradient of its input before it turns to its
/// weights.
/// </summary>
public sealed class DeferredWeightGradients : IDisposable
{
    private readonly List<(ModelParameter Parameter, Tensor Input, Tensor Gradient)> _products = [];

    /// <summary>Products that wait.</summary>
    public int Count => _products.Count;

    /// <summary>Puts off dW = dy^T x.</summary>
    /// <param name="parameter">W [O, I].</param>
    /// <param name="input">x [..., I]; a reference is kept.</param>
    /// <param name="gradient">dy [..., O]; a reference is kept.</param>
    internal void Add(ModelParameter parameter, Tensor input, Tensor gradient) =>
        _products.Add((parameter, input.detach().DetachFromDisposeScope(), gradient.detach().DetachFromDisposeScope()));

    /// <summary>
    /// Adds every waiting product to the gradient of its weight, in the order in which the backward pass came by, and frees what it needed.
    /// </summary>
    /// <param name="listener">Told of each layer when the products of its weights are done; null for nobody.</param>
    public void Run(IGradientListener? listener = null)
    {
        using var _ = no_grad();
        for (int i = 0; i < _products.Count; i++)
        {
            var (parameter, input, gradient) = _products[i];
            using var scope = NewDisposeScope();
            var gradient_NO = gradient.reshape(-1, gradient.shape[^1]);
            if (parameter.AddGradient(gradient_NO, input.reshape(-1, input.shape[^1])) is { } product_OI)
            {
                if (parameter.Value.grad is { } sum_OI)
                    sum_OI.add_(product_OI);
                else
                    parameter.Value.grad = product_OI;
            }
            input.Dispose();
            gradient.Dispose();
            // A backward pass leaves layer after layer, so a layer's products lie side by side.
            if (i + 1 == _products.Count || _products[i + 1].Parameter.Layer != parameter.Layer)
                listener?.LayerDone(parameter.Layer);
        }
        _products.Clear();
    }

    /// <summary>Frees what waits, without computing it.</summary>
    public void Dispose()
    {
        foreach (var (_, input, gradient) in _products)
        {
            input.Dispose();
            gradient.Dispose();
        }
        _products.Clear();
    }
}
