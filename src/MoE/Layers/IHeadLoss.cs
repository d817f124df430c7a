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

    /// <summary>Ids whose logits the loss of a position sees each for itself; of the others it sees the log-sum-exp only. None for a position that does not count.</summary>
    /// <param name="position">The position.</param>
    ReadOnlySpan<int> SingleIds(int position);

    /// <summary>The loss of one position, from what it sees.</summary>
    /// <param name="position">The position.</param>
    /// <param name="picked">Logits of <see cref="SingleIds"/>.</param>
    /// <param name="restLogSumExp">Log-sum-exp of the other logits; negative infinity where there are none.</param>
    /// <param name="scale">Factor on loss and gradient.</param>
    /// <param name="gradient">Receives the gradient with respect to <paramref name="picked"/>, times the scale.</param>
    /// <returns>The loss, and what multiplies a softmax over the other logits in the gradient with respect to these; both times the scale.</returns>
    (double Loss, double RestGradient) Evaluate(int position, ReadOnlySpan<double> picked, double restLogSumExp, double scale, Span<double> gradient);
}
