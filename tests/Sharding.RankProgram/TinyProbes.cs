using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Pruner.Selection;

namespace E3Scale.Sharding.RankProgram;

/// <summary>What a probe says about a model's weights on a mesh.</summary>
internal static class TinyProbes
{
    /// <summary>Asks. Collective over the mesh.</summary>
    public static ProbeRecord Run(TinyModel tiny, Mesh mesh, string folder)
    {
        using var corpus = PackedCorpus.Open(TinyCorpus.PathIn(folder));
        using var model = tiny.Shard(mesh);
        // Seven batches: data ranks have unequal numbers of them.
        var batches = new CalibrationBatches(corpus, sequences: 13, batchSequences: 2, seed: 1);
        var probe = new ModelProbe(model, corpus, batches);
        var branches = new ModelProbe(model, corpus, batches) { Units = PruningUnits.Branches };
        bool[] all = [.. Enumerable.Repeat(true, 2 * tiny.Config.LayerCount)];
        double[] without = branches.LossWithoutEach(all, [.. Enumerable.Range(0, all.Length)], ProbeMetric.Kl);
        var (kl, byGate) = probe.Weights.GatedKl([1, 0.8, 0.3, 0.6, 0, 0.9]);
        double trained = probe.Weights.LossAfterTraining([true, true, false, true, true, true], [0, 3, 5], 1e-3, ProbeMetric.Kl);
        return new ProbeRecord
        {
            Taylor = probe.Weights.Taylor(),
            Magnitude = probe.Weights.Magnitude(),
            GatedKl = [kl, .. byGate],
            WithoutBranches = without,
            Trained = trained,
        };
    }
}
