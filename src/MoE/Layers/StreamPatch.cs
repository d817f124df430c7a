using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace E3Scale.MoE;

/// <summary>
/// A linear map of the residual stream behind a layer, where layers were cut out: x P (LinearPatch, arXiv 2505.24680). Computed in float32 whatever the
/// model's type. No published architecture has one: other loaders do not know it.
/// </summary>
public sealed class StreamPatch
{
    /// <summary>File of a model folder that holds the patches, beside the weights that any loader reads.</summary>
    public const string FileName = "patch.safetensors";

    private const string Suffix = ".patch.weight";

    internal StreamPatch(ModelParameter weight) => Weight = weight;

    /// <summary>P transposed, float32 [H, H], as linear maps are kept.</summary>
    public ModelParameter Weight { get; }

    /// <summary>Name of the patch behind a layer.</summary>
    /// <param name="names">Tensor names of the family.</param>
    /// <param name="layer">0-based layer, whose output it takes.</param>
    public static string NameOf(IDecoderWeightNames names, int layer)
    {
        ArgumentNullException.ThrowIfNull(names);
        return FormattableString.Invariant($"{names.LayerPrefix}{layer}{Suffix}");
    }

    /// <summary>Whether a parameter's name is that of a patch, which no checkpoint of a teacher has.</summary>
    /// <param name="name">A parameter's name.</param>
    public static bool IsPatch(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(Suffix, StringComparison.Ordinal);
    }

    /// <summary>Maps the stream.</summary>
    /// <param name="x_BTH">[B, T, H].</param>
    /// <returns>[B, T, H] in the type of <paramref name="x_BTH"/>; owned by the current dispose scope.</returns>
    internal Tensor Forward(Tensor x_BTH)
    {
        using var scope = NewDisposeScope();
        return F.linear(x_BTH.to_type(ScalarType.Float32), Weight.Value).to_type(x_BTH.dtype).MoveToOuterDisposeScope();
    }
}
