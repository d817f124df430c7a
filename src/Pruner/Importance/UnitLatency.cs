using System.Diagnostics;
using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Selection;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Importance;

/// <summary>
/// Times layers, or branches of layers, in forward passes over whole calibration batches: what they cost in prefill. Decoding one token at a time, and
/// training, may weigh them otherwise.
/// </summary>
internal static class UnitLatency
{
    // The same work again and again: what else the machine does only adds, so the fastest pass is nearest to the work itself.
    private const int Passes = 4;

    /// <summary>Measures. Collective over the world.</summary>
    /// <param name="model">The teacher, whole.</param>
    /// <param name="corpus">Where the calibration text is.</param>
    /// <param name="batches">Batches; those shorter than the first are left out.</param>
    /// <param name="units">What is timed.</param>
    /// <returns>
    /// Seconds of every unit: of each batch the fastest of four passes, over the batches, whose routing differs, the median. The same bits on every rank.
    /// </returns>
    public static double[] Measure(ShardedModel model, PackedCorpus corpus, CalibrationBatches batches, PruningUnits units)
    {
        int[] whole = [.. Enumerable.Range(0, batches.All.Count).Where(batch => batches.All[batch].Length == batches.All[0].Length)];
        var mesh = model.Mesh;
        var mine = batches.Deal(whole, mesh.DataRank, mesh.Shape.Data);
        int count = model.Config.LayerCount * units.PerLayer();
        // The fastest pass of every batch and unit, on one rank of all: the stage that holds the unit, in the replica that has the batch.
        var fastest = new double[mine.Count * mesh.Shape.Data * count];
        for (int round = 0; round < Passes * mine.Count; round++)
        {
            using var scope = NewDisposeScope();
            mesh.World.Activity.Begin($"timing, batch {round + 1} of {Passes * mine.Count}");
            int batch = round % mine.Count, first = (batch * mesh.Shape.Data + mesh.DataRank) * count;
            bool isFirstPass = round < mine.Count;
            model.Executor.InferWithoutEach(
                TokenBatch.Ids(corpus, mine[batch].Sequences), [], onFull: _ => { }, onWithout: (_, _) => { },
                onUnit: pass =>
                {
                    ref double best = ref fastest[first + pass.Unit];
                    best = isFirstPass ? pass.Seconds : Math.Min(best, pass.Seconds);
                },
                units: units);
        }
        mesh.World.AllReduce<double>(fastest, ReduceOperation.Sum);
        // MPI does not promise the same last bit on every rank, and a mask hangs on it.
        mesh.World.Broadcast<double>(fastest, 0);
        return [.. Enumerable.Range(0, count).Select(unit => Median(fastest.Where((_, i) => i % count == unit)))];
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        Debug.Assert(sorted.Length > 0, "a unit was timed on no rank");
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
