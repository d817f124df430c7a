using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Search;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden.

/// <summary>
/// Judges masks by what the search minimises, without gradients, on the micro-batches that training would come to next: the weights have not seen them.
/// </summary>
/// <param name="model">The student, every layer still in it.</param>
/// <param name="corpus">Training sequences.</param>
/// <param name="objective">What is minimised.</param>
/// <param name="plan">Who computes which sequences.</param>
/// <param name="maskUnits">What masks have an entry for.</param>
/// <param name="firstStep">0-based step whose batch is judged on first.</param>
public sealed class MaskJudge(
    ShardedModel model, PackedCorpus corpus, ITrainingObjective objective, BatchPlan plan, PruningUnits maskUnits, int firstStep) : IMaskJudge
{
    /// <summary>Sequences that are judged on, over all ranks; rounded up to micro-batches. Default 40.</summary>
    public int Sequences { get; init; } = 40;

    /// <summary>Positions that went through the model so far, over all ranks, times the share of its layers that each went through.</summary>
    public double ForwardTokens { get; set; }

    /// <inheritdoc/>
    public double[] Losses(IReadOnlyList<bool[]> masks) => Judge(masks.Count, (ids_BT, sequences, add) =>
    {
        for (int i = 0; i < masks.Count; i++)
        {
            int place = i;
            model.Executor.InferWithoutEach(ids_BT, [], hidden_BTH => add(place, hidden_BTH, sequences), (_, _) => { }, masks[i], units: maskUnits);
            Count(ids_BT, masks[i].Count(kept => kept));
        }
    });

    /// <inheritdoc/>
    public double[] LossesWithoutEach(bool[] kept, IReadOnlyList<int> units)
    {
        int[] order = [.. units], all = [.. Enumerable.Range(0, kept.Length).Where(unit => kept[unit])];
        long run = all.Length + order.Sum(left => (long)all.Count(unit => unit > left));
        return Judge(order.Length, (ids_BT, sequences, add) =>
        {
            model.Executor.InferWithoutEach(
                ids_BT, order, _ => { }, (unit, hidden_BTH) => add(Array.IndexOf(order, unit), hidden_BTH, sequences), kept, units: maskUnits);
            Count(ids_BT, run);
        });
    }

    /// <summary>Runs this rank's micro-batches and shares the sums.</summary>
    private double[] Judge(int losses, Action<Tensor, long[], Action<int, Tensor, long[]>> run)
    {
        // The last number counts tokens.
        var sums = new double[losses + 1];
        int data = model.Mesh.Shape.Data, microBatches = (Sequences + plan.MicroBatchSequences - 1) / plan.MicroBatchSequences;
        bool counts = true;
        for (int i = 0; i * data < microBatches; i++)
        {
            using var scope = NewDisposeScope();
            model.Mesh.World.Activity.Begin($"judging masks, micro-batch {i + 1} of {(microBatches + data - 1) / data}");
            long[] sequences = plan.MicroBatch(firstStep + i / plan.LocalCount, i % plan.LocalCount);
            counts = i * data + model.Mesh.DataRank < microBatches; // what is over only keeps the ranks of an expert group in step
            if (model.Mesh.IsLastStage && counts)
                sums[^1] += objective.CountTokens(sequences);
            run(TokenBatch.Ids(corpus, sequences), sequences, Add);
        }
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        return Array.ConvertAll(sums[..^1], sum => sum / sums[^1]);

        void Add(int place, Tensor hidden_BTH, long[] sequences)
        {
            if (!counts)
                return;
            using var scope = NewDisposeScope();
            sums[place] += objective.Loss(model.Decoder, hidden_BTH, sequences, 1).to_type(ScalarType.Float64).item<double>();
        }
    }

    private void Count(Tensor ids_BT, long unitsRun) =>
        ForwardTokens += (double)ids_BT.numel() * model.Mesh.Shape.Data * unitsRun / (model.Config.LayerCount * maskUnits.PerLayer());
}
