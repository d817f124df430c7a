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
    // Of fewer the median is one hiccup of the machine; more passes cost more than they tell.
    private const int FewestSamples = 5;

    /// <summary>Measures. Collective over the world.</summary>
    /// <param name="model">The teacher, whole.</param>
    /// <param name="corpus">Where the calibration text is.</param>
    /// <param name="batches">Batches; those shorter than the first are left out.</param>
    /// <param name="units">What is timed.</param>
    /// <returns>Seconds of every unit: the median over the batches, and over passes until there are five samples. The same bits on every rank.</returns>
    public static double[] Measure(ShardedModel model, PackedCorpus corpus, CalibrationBatches batches, PruningUnits units)
    {
        int[] whole = [.. Enumerable.Range(0, batches.All.Count).Where(batch => batches.All[batch].Length == batches.All[0].Length)];
        var mesh = model.Mesh;
        var mine = batches.Deal(whole, mesh.DataRank, mesh.Shape.Data);
        int passes = (FewestSamples + (mine.Count * mesh.Shape.Data) - 1) / (mine.Count * mesh.Shape.Data);
        int count = model.Config.LayerCount * units.PerLayer(), rounds = passes * mine.Count;
        // Each sample of a unit is taken on one rank: the stage that holds it, in one replica.
        var samples = new double[rounds * mesh.Shape.Data * count];
        for (int round = 0; round < rounds; round++)
        {
            using var scope = NewDisposeScope();
            mesh.World.Activity.Begin($"timing, batch {round + 1} of {rounds}");
            int first = (round * mesh.Shape.Data + mesh.DataRank) * count;
            model.Executor.InferWithoutEach(
                TokenBatch.Ids(corpus, mine[round % mine.Count].Sequences), [], onFull: _ => { }, onWithout: (_, _) => { },
                onUnit: pass => samples[first + pass.Unit] = pass.Seconds, units: units);
        }
        mesh.World.AllReduce<double>(samples, ReduceOperation.Sum);
        // MPI does not promise the same last bit on every rank, and a mask hangs on it.
        mesh.World.Broadcast<double>(samples, 0);
        return [.. Enumerable.Range(0, count).Select(unit => Median(samples.Where((_, i) => i % count == unit)))];
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        Debug.Assert(sorted.Length > 0, "a unit was timed on no rank");
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
