using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Selection;

/// <summary>The weights behind a <see cref="ModelProbe"/>, which deals the calibration text and counts what it costs.</summary>
/// <param name="model">The teacher, whole, without copies of experts; nothing in it is trainable between two probes.</param>
/// <param name="corpus">Where the calibration text is.</param>
/// <param name="batches">All of the calibration text.</param>
/// <param name="probe">Deals the batches.</param>
internal sealed class WeightProbe(ShardedModel model, PackedCorpus corpus, CalibrationBatches batches, ModelProbe probe) : IWeightProbe
{
    /// <inheritdoc/>
    public double[] Magnitude()
    {
        var sums = new double[model.Config.LayerCount];
        foreach (var parameter in model.OwnParameters().Where(IsScored))
        {
            using var scope = NewDisposeScope();
            sums[parameter.Layer] += parameter.ValueAs(ScalarType.Float32).detach().abs().sum(ScalarType.Float64).item<double>();
        }
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        return sums;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Weights stand still, so the products' sum over the text is w times the summed gradient: one training step without its update. Every rank
    /// then adds up the block of the reduced gradient that it owns, so that each weight counts once, whoever holds copies of it.
    /// </remarks>
    public double[] Taylor()
    {
        var sums = new double[model.Config.LayerCount];
        long scored = batches.All.Sum(sequences => TokenBatch.CountScored(corpus, sequences));
        var recomputation = model.Decoder.Recomputation;
        model.Decoder.TrainEverything();
        // Gradients of all weights are in memory at once; activations of one layer at a time are enough.
        model.Decoder.Recomputation = Recomputation.Layer;
        try
        {
            using var state = new TrainableState(model.Decoder, model.Mesh, new OptimizerOptions());
            using var reducer = new GradientReducer(state, model.Mesh);
            var shares = probe.Deal(null);
            model.Executor.Train(new NextTokenWork(model, corpus, shares, 1.0 / Math.Max(scored, 1)), shares.Count, listener: reducer);
            reducer.Finish();
            foreach (var region in state.Regions)
                foreach (var piece in region.OwnPieces.Where(piece => IsScored(piece.Parameter)))
                    sums[piece.Parameter.Layer] += SumOfProducts(
                        region.Master.Span(piece.StateOffset, piece.Count), region.OwnGradient.Span(piece.StateOffset, piece.Count));
        }
        finally
        {
            model.Decoder.Freeze();
            model.Decoder.Recomputation = recomputation;
        }
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        probe.CountGradients();
        return sums;
    }

    /// <summary>Matrices and norms of layers: not biases, nor embedding, final norm and head.</summary>
    private static bool IsScored(ModelParameter parameter) =>
        parameter.Layer >= 0 && !parameter.Name.EndsWith("bias", StringComparison.Ordinal);

    private static double SumOfProducts(ReadOnlySpan<float> weights, ReadOnlySpan<float> gradients)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
            sum += Math.Abs((double)weights[i] * gradients[i]);
        return sum;
    }

    /// <summary>Mean next-token loss over all calibration text, a batch as a micro-batch.</summary>
    private sealed class NextTokenWork(ShardedModel model, PackedCorpus corpus, IReadOnlyList<CalibrationShare> shares, double scale) : IMicroBatchWork
    {
        public Tensor Ids(int microBatch) => TokenBatch.Ids(corpus, shares[microBatch].Sequences);

        public Tensor Finish(int microBatch, Tensor hidden_BTH)
        {
            using var scope = NewDisposeScope();
            var (sequences, counts) = shares[microBatch];
            var loss = TokenCrossEntropy.Sum(model.Decoder.Logits(hidden_BTH).flatten(0, 1), TokenBatch.Labels(corpus, sequences));
            return (loss * (counts ? scale : 0)).MoveToOuterDisposeScope();
        }
    }
}
