using E3Scale.MoE;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Compensation;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden.

/// <summary>
/// LinearPatch: behind the last layer before each cut the stream x becomes x P, P = H diag(d) H^T, H the orthonormal Hadamard matrix and d the ratio of
/// the mean magnitudes of x H behind and before the cut, channel by channel. The rotation spreads the few huge channels over all.
/// </summary>
/// <remarks>
/// arXiv 2505.24680, where there is one cut. With several, each is measured in the model without any, in one pass over the calibration text [ours].
/// </remarks>
internal static class LinearPatch
{
    /// <summary>Measures. Collective over the world.</summary>
    /// <param name="model">The model with all of its layers.</param>
    /// <param name="probe">Runs it on the calibration text.</param>
    /// <param name="sequences">Numbers of the calibration sequences.</param>
    /// <param name="cuts">What is cut out.</param>
    /// <returns>d of each cut, [H].</returns>
    /// <exception cref="StageInputException">A cut has no layer before it, or there is no Hadamard matrix of the hidden size.</exception>
    public static double[][] Measure(ShardedModel model, ModelProbe probe, long[] sequences, IReadOnlyList<LayerCut> cuts)
    {
        if (cuts.Any(cut => cut.First == 0))
            throw new StageInputException(
                "linear-patch: layer 0 is dropped, and a patch stands behind the layer before a cut. Keep it (search.protect_ends) or take prune-and-comp.");
        using var hadamard_HH = Hadamard(model.Config.HiddenSize, model.Decoder.Device);
        StreamMagnitudes[] magnitudes = [.. cuts.Select(_ => new StreamMagnitudes(sequences, model.Config.HiddenSize))];
        probe.Observe(AllLayers.Kept(model.Config.LayerCount), (batch, layer, input_BTH, output_BTH) =>
        {
            for (int i = 0; i < cuts.Count; i++)
            {
                if (layer == cuts[i].First)
                    magnitudes[i].AddBefore(batch, input_BTH.to_type(ScalarType.Float32).matmul(hadamard_HH));
                if (layer == cuts[i].End - 1)
                    magnitudes[i].AddBehind(batch, output_BTH.to_type(ScalarType.Float32).matmul(hadamard_HH));
            }
        });
        return [.. magnitudes.Select(pair => pair.MeanRatios(model.Mesh.World))];
    }

    /// <summary>The patch P = H diag(d) H^T.</summary>
    /// <param name="ratio_H">d, [H].</param>
    /// <returns>float32 [H, H], symmetric; owned by the current dispose scope.</returns>
    public static Tensor Patch(double[] ratio_H)
    {
        using var scope = NewDisposeScope();
        var hadamard_HH = Hadamard(ratio_H.Length, CPU);
        var diagonal_H = tensor(Array.ConvertAll(ratio_H, ratio => (float)ratio));
        return (hadamard_HH * diagonal_H).matmul(hadamard_HH.t()).MoveToOuterDisposeScope();
    }

    /// <summary>The multiple of the identity that is nearest to a patch: what of it can be folded into weights.</summary>
    /// <param name="patch_HH">float32 [H, H].</param>
    public static double ScalarPart(Tensor patch_HH)
    {
        using var scope = NewDisposeScope();
        return patch_HH.detach().trace().to_type(ScalarType.Float64).item<double>() / patch_HH.shape[0];
    }

    private static Tensor Hadamard(int size, Device device)
    {
        using var scope = NewDisposeScope();
        try
        {
            float[] signs = Array.ConvertAll(HadamardMatrix.Create(size), sign => (float)sign);
            return (tensor(signs, [size, size], device: device) / Math.Sqrt(size)).DetachFromDisposeScope();
        }
        catch (ArgumentException error)
        {
            throw new StageInputException($"linear-patch: {error.Message}, which is the model's hidden size. Take prune-and-comp.");
        }
    }
}
