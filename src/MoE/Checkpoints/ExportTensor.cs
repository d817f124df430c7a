using TorchSharp;

namespace E3Scale.MoE;

/// <summary>A weight to export.</summary>
/// <param name="Name">Its name in the source, with the layer's original number.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Load">Makes the tensor, of any float type on any device; called at most once, and the exporter disposes the result.</param>
public sealed record ExportTensor(string Name, IReadOnlyList<long> Shape, Func<torch.Tensor> Load)
{
    /// <summary>
    /// True when the weight is the source's own, so that its stored bytes may be copied where the export has the same type. Default false.
    /// </summary>
    public bool IsUnchanged { get; init; }

    /// <summary>
    /// For an unchanged weight, a factor by which it differs from the source's all the same: codes in FP8 are copied and their scales multiplied, other
    /// types are written from <see cref="Load"/>, which gives the product. Default 1.
    /// </summary>
    public double SourceScale { get; init; } = 1;

    /// <summary>Codes and scales of a weight that is in FP8 already; an FP8 export writes them as they are. Stays the caller's. Null for others.</summary>
    public Fp8Matrix? Blocks { get; init; }
}
