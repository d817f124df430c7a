using E3Scale.Mpi;
using E3Scale.Pruner.Training;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>Which micro-batches of a step share a draw of the mask, and how the gradients of the draws come together. Knows no ranks but through them.</summary>
public sealed class MaskSharing
{
    /// <summary>Micro-batches that share a draw by default.</summary>
    public const int MicroBatchesPerDraw = 8;

    private readonly Mesh _mesh;

    /// <summary>Deals draws to micro-batches.</summary>
    /// <param name="drawsPerStep">Draws; 0 for one for every <see cref="MicroBatchesPerDraw"/>, or a single one where that does not divide.</param>
    /// <param name="mesh">The mesh.</param>
    /// <param name="plan">How micro-batches lie on it.</param>
    /// <exception cref="MeshException">The draws cannot be shared evenly.</exception>
    public MaskSharing(int drawsPerStep, Mesh mesh, BatchPlan plan)
    {
        ArgumentNullException.ThrowIfNull(mesh);
        ArgumentNullException.ThrowIfNull(plan);
        _mesh = mesh;
        Draws = drawsPerStep > 0 ? drawsPerStep : DefaultDraws(plan.MicroBatchCount);
        int share = plan.MicroBatchCount / Draws;
        if (plan.MicroBatchCount % Draws != 0 || (mesh.Shape.Expert > 1 && share % mesh.Shape.Data != 0))
            throw new MeshException(
                $"search.draws_per_step {Draws}: {plan.MicroBatchCount} micro-batches must divide evenly into draws" +
                (mesh.Shape.Expert > 1 ? $", and with an expert axis each draw must serve all {mesh.Shape.Data} data ranks" : "") +
                ". Lower search.draws_per_step or change the batch.");
        DrawOfMicroBatch = [.. Enumerable.Range(0, plan.LocalCount).Select(local => plan.GlobalIndex(local) * Draws / plan.MicroBatchCount)];
    }

    /// <summary>Draws of a step, over all ranks.</summary>
    public int Draws { get; }

    /// <summary>For each local micro-batch, which draw it runs with.</summary>
    public IReadOnlyList<int> DrawOfMicroBatch { get; }

    /// <summary>d loss / d scores through all draws of a step. Collective over the world.</summary>
    /// <param name="masks">The step's masks, after the backward passes.</param>
    /// <param name="layers">Layers of the teacher, L.</param>
    /// <returns>[L], the same on every rank.</returns>
    public double[] ReduceToScores(MaskStep masks, int layers)
    {
        ArgumentNullException.ThrowIfNull(masks);
        var gradient_DL = masks.CollectGradients(layers);
        _mesh.World.AllReduce<double>(gradient_DL, ReduceOperation.Sum);
        double[] gradient_L = new double[layers], share_L = new double[layers];
        for (int draw = 0; draw < Draws; draw++)
        {
            masks.Draws[draw].Backward(gradient_DL.AsSpan(draw * layers, layers), share_L);
            for (int layer = 0; layer < layers; layer++)
                gradient_L[layer] += share_L[layer];
        }
        return gradient_L;
    }

    /// <summary>Neighbouring eight micro-batches share a draw, or all where that does not divide: a rule that knows no mesh.</summary>
    private static int DefaultDraws(int microBatches) => microBatches % MicroBatchesPerDraw == 0 ? microBatches / MicroBatchesPerDraw : 1;
}
