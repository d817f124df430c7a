using E3Scale.Kernels;
using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Distillation;

// Shape suffixes in this file: N = tokens, V = vocabulary.

/// <summary>Cross-entropy of the next token, summed over the tokens that count: the loss of pretraining and supervised fine-tuning.</summary>
/// <remarks>
/// Equals torch.nn.functional.cross_entropy with reduction "sum" and ignore_index -1. In host memory and float32 or bfloat16 a fused kernel
/// works row by row: the only [N, V] memory is the gradient itself.
/// </remarks>
public static class TokenCrossEntropy
{
    /// <summary>Label of a token that does not count.</summary>
    public const long Ignored = -1;

    /// <summary>Sum over the counting tokens of -ln softmax(logits)[label].</summary>
    /// <param name="logits_NV">Logits, [N, V]; the gradient goes to them, in their type.</param>
    /// <param name="label_N">Id of the right token, 0..V-1, or <see cref="Ignored"/>, [N].</param>
    /// <param name="loss_N">If given, receives the loss of every token (0 where ignored), [N].</param>
    /// <returns>
    /// Scalar with a graph: float32, or float64 when the logits are. Divide by the tokens of the global batch. The labels must stay
    /// unchanged until the backward pass. The caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentException">Shapes disagree, or a label lies outside of the vocabulary.</exception>
    public static Tensor Sum(Tensor logits_NV, long[] label_N, float[]? loss_N = null)
    {
        ArgumentNullException.ThrowIfNull(logits_NV);
        ArgumentNullException.ThrowIfNull(label_N);
        if (logits_NV.dim() != 2 || logits_NV.shape[0] != label_N.Length || (loss_N is not null && loss_N.Length != label_N.Length))
        {
            throw new ArgumentException($"logits of shape [{string.Join(", ", logits_NV.shape)}] for {label_N.Length} labels" +
                (loss_N is null ? "" : $" and {loss_N.Length} places for losses"));
        }
        CheckLabels(label_N, logits_NV.shape[1]);
        return TensorRows.Supports(logits_NV)
            ? CrossEntropyFunction.apply(logits_NV, label_N, loss_N ?? new float[label_N.Length])
            : Compose(logits_NV, label_N, loss_N);
    }

    /// <summary>The same of a decoder's output, without ever holding the logits of all positions where the decoder can do so.</summary>
    /// <param name="decoder">The last part of the model.</param>
    /// <param name="hidden_BTH">Residual stream after the last layer.</param>
    /// <param name="label_N">As in the other one, N = B * T.</param>
    /// <param name="scale">Factor on the sum.</param>
    /// <returns>Scalar with a graph.</returns>
    /// <exception cref="ArgumentException">Shapes disagree, or a label lies outside of the vocabulary.</exception>
    public static Tensor Sum(Decoder decoder, Tensor hidden_BTH, long[] label_N, double scale)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(hidden_BTH);
        ArgumentNullException.ThrowIfNull(label_N);
        if (hidden_BTH.shape[0] * hidden_BTH.shape[1] != label_N.Length)
            throw new ArgumentException($"{label_N.Length} labels for a stream of shape [{string.Join(", ", hidden_BTH.shape)}]", nameof(label_N));
        CheckLabels(label_N, decoder.Config.VocabularySize);
        if (decoder.HeadLoss(hidden_BTH, new CrossEntropyHeadLoss(label_N), scale) is { } loss)
            return loss;
        using var scope = NewDisposeScope();
        return (Sum(decoder.Logits(hidden_BTH).flatten(0, 1), label_N) * scale).MoveToOuterDisposeScope();
    }

    private static void CheckLabels(long[] label_N, long vocabulary)
    {
        foreach (long label in label_N)
            if (label != Ignored && (ulong)label >= (ulong)vocabulary)
                throw new ArgumentException($"label {label} with a vocabulary of {vocabulary}", nameof(label_N));
    }

    private static Tensor Compose(Tensor logits_NV, long[] label_N, float[]? loss_N)
    {
        using var scope = NewDisposeScope();
        ScalarType dtype = logits_NV.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var labels_N = tensor(label_N, device: logits_NV.device);
        var ignored_N = labels_N.lt(0);
        var float_NV = logits_NV.to_type(dtype);
        var right_N = float_NV.gather(1, labels_N.clamp(min: 0).unsqueeze(-1)).squeeze(-1);
        var losses_N = (float_NV.logsumexp(-1) - right_N).masked_fill(ignored_N, 0);
        if (loss_N is not null)
            losses_N.detach().to_type(ScalarType.Float32).cpu().data<float>().CopyTo(loss_N);
        return losses_N.sum().MoveToOuterDisposeScope();
    }
}
