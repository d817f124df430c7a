using E3Scale.Kernels;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Compensation;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Export;

/// <summary>Brings patches, each of which lies on one pipeline stage, to where an export needs them.</summary>
internal static class PatchFolding
{
    /// <summary>Scales the weights before each cut by the scalar part of its patch. Collective over the world.</summary>
    /// <param name="model">The model; its weights change, and its patches no longer count.</param>
    /// <param name="cuts">Cuts with a patch.</param>
    /// <param name="layers">Layers of the teacher.</param>
    /// <returns>Factors of weights, by name.</returns>
    public static IReadOnlyDictionary<string, double> FoldScalars(ShardedModel model, IReadOnlyList<LayerCut> cuts, int layers)
    {
        double[] scales = [.. cuts.Select(cut => Own(model, cut) is { } patch ? LinearPatch.ScalarPart(patch.Weight.Value) : 0)];
        model.Mesh.World.AllReduce<double>(scales, ReduceOperation.Sum);
        var scaling = ResidualScaling.Of(layers, cuts.Select((cut, i) => (cut.First, scales[i])));
        scaling.ScaleWeights(model);
        return scaling.FactorsOf(model.Config, model.Names);
    }

    /// <summary>Gives every rank all patches. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cuts">Cuts with a patch.</param>
    /// <returns>float32 [H, H] by name, on the CPU; owned by the current dispose scope.</returns>
    public static Dictionary<string, Tensor> Collect(ShardedModel model, IReadOnlyList<LayerCut> cuts)
    {
        int hidden = model.Config.HiddenSize;
        var patches = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var cut in cuts)
        {
            var patch_HH = Own(model, cut) is { } own ? own.Weight.Value.detach().cpu().clone() : zeros(hidden, hidden);
            // One rank has numbers, the others zeros.
            model.Mesh.World.AllReduce(TensorMemory.AsSpan<float>(patch_HH), ReduceOperation.Sum);
            patches.Add(StreamPatch.NameOf(model.Names, cut.First - 1), patch_HH);
        }
        return patches;
    }

    /// <summary>The patch of a cut on the one rank that speaks for it; null elsewhere.</summary>
    private static StreamPatch? Own(ShardedModel model, LayerCut cut) =>
        model.Mesh.DataRank == 0 ? model.Decoder.Patches.GetValueOrDefault(cut.First - 1) : null;
}
