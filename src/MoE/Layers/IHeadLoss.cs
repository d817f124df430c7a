using static TorchSharp.torch;

namespace E3Scale.MoE;

// Shape suffixes in this file: n = positions of a block, V = vocabulary.

/// <summary>A loss that is a sum over positions, each of which needs the logits of its own position only.</summary>
public interface IHeadLoss
{
    /// <summary>The loss of a block of positions, and its gradient in place of the logits.</summary>
    /// <param name="first">Which position the first row is.</param>
    /// <param name="logits_nV">Logits, [n, V], a contiguous matrix of float32 or bfloat16 in host memory.</param>
    /// <param name="scale">Factor on loss and gradient.</param>
    /// <param name="withGradient">Overwrites the logits by the gradient with respect to them, times the scale.</param>
    /// <returns>Sum over the block, times the scale.</returns>
    double Evaluate(int first, Tensor logits_nV, double scale, bool withGradient);
}
