using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Search;

// Shape suffixes in this file: L = layers of the teacher, or other units that masks are over; D = draws of a step.

/// <summary>The masks of one step on one rank: a draw for each local micro-batch, and leaves that gather the gradient.</summary>
public sealed class MaskStep : IDisposable
{
    private readonly IReadOnlyList<int> _drawOfMicroBatch;
    private readonly Tensor[][] _masks;

    internal MaskStep(IReadOnlyList<IMaskDraw> draws, IReadOnlyList<int> drawOfMicroBatch, bool isSoft = false, PruningUnits units = PruningUnits.Layers)
    {
        (Draws, _drawOfMicroBatch) = (draws, drawOfMicroBatch);
        bool[][] kept = [.. draws.Select(draw => draw.Gates.Select(gate => gate > 0).ToArray())];
        _masks = [.. drawOfMicroBatch.Select(draw => draws[draw].Gates.Select(gate =>
            tensor((float)gate, requires_grad: true).DetachFromDisposeScope()).ToArray())];
        Gates = [.. drawOfMicroBatch.Select((draw, i) => new LayerGate(kept[draw], _masks[i], isSoft) { Units = units })];
    }

    /// <summary>All draws of the step, over all ranks.</summary>
    public IReadOnlyList<IMaskDraw> Draws { get; }

    /// <summary>The gate of each local micro-batch.</summary>
    public IReadOnlyList<LayerGate> Gates { get; }

    /// <summary>d loss / d mask [D, L], summed over this rank's micro-batches; 0 for layers of other stages.</summary>
    internal double[] CollectGradients(int layers)
    {
        var gradient_DL = new double[Draws.Count * layers];
        for (int i = 0; i < _masks.Length; i++)
            for (int layer = 0; layer < layers; layer++)
            {
                using var gradient = _masks[i][layer].grad;
                if (gradient is not null)
                    gradient_DL[_drawOfMicroBatch[i] * layers + layer] += gradient.item<float>();
            }
        return gradient_DL;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var masks in _masks)
            foreach (var mask in masks)
                mask.Dispose();
    }
}
