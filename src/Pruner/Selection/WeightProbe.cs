using E3Scale.Data.Corpora;
using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Pruner.Distillation;
using E3Scale.Sharding;
using static TorchSharp.torch;

namespace E3Scale.Pruner.Selection;

// Shape suffixes in this file: B = sequences, T = positions, H = hidden, N = B*T, V = vocabulary.

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
        model.Decoder.TrainEverything();
        try
        {
            using var state = new TrainableState(model.Decoder, model.Mesh, new OptimizerOptions());
            using var reducer = new GradientReducer(state, model.Mesh);
            var shares = probe.Deal(null);
            Differentiate(new NextTokenWork(model, corpus, shares, 1.0 / Math.Max(scored, 1)), shares.Count, reducer);
            reducer.Finish();
            foreach (var region in state.Regions)
                foreach (var piece in region.OwnPieces.Where(piece => IsScored(piece.Parameter)))
                    sums[piece.Parameter.Layer] += SumOfProducts(
                        region.Master(piece), region.OwnGradient.Span(piece.StateOffset, piece.Count));
        }
        finally
        {
            model.Decoder.Freeze();
        }
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        probe.CountGradients();
        return sums;
    }

    /// <inheritdoc/>
    public (double Kl, double[] ByGate) GatedKl(IReadOnlyList<double> gates)
    {
        int layers = model.Config.LayerCount;
        var sums = new double[layers + 1]; // the last is the divergence
        foreach (var (sequences, counts) in probe.Deal(null))
        {
            using var scope = NewDisposeScope();
            Tensor[] masks = [.. gates.Select(gate => tensor((float)gate, requires_grad: true))];
            using var teacher_NV = probe.TeacherLogits(TokenBatch.Ids(corpus, sequences));
            var work = new GatedWork(model, corpus, sequences, new LayerGate([.. gates.Select(gate => gate > 0)], masks, IsSoft: true), teacher_NV);
            Differentiate(work, 1);
            if (!counts)
                continue;
            sums[layers] += work.Kl;
            for (int layer = 0; layer < layers; layer++)
                sums[layer] += masks[layer].grad?.item<float>() ?? 0;
        }
        model.Mesh.World.AllReduce<double>(sums, ReduceOperation.Sum);
        probe.CountTeacher();
        probe.CountGradients();
        return (sums[layers] / batches.Tokens, [.. sums[..layers].Select(sum => sum / batches.Tokens)]);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A step is one batch whatever the mesh, so that a candidate is trained alike on all: of several data ranks one works and the others repeat it
    /// without counting.
    /// </remarks>
    public double LossAfterTraining(
        IReadOnlyList<bool> isKept, IReadOnlyList<int> training, double learningRate, ProbeMetric metric, IReadOnlyList<int>? batches = null)
    {
        model.Decoder.TrainEverything();
        using var teacher = new WeightCopy(model.Decoder);
        try
        {
            using (var optimizer = new MeshOptimizer(model.Decoder, model.Mesh, new OptimizerOptions()))
                for (int step = 0; step < training.Count; step++)
                    TrainOn(training[step], step, isKept, learningRate, optimizer);
            return probe.Loss(isKept, metric, batches, ids_BT =>
            {
                teacher.Exchange();
                var logits_NV = probe.TeacherLogits(ids_BT);
                teacher.Exchange();
                return logits_NV;
            });
        }
        finally
        {
            teacher.Exchange();
            model.Decoder.Freeze();
        }
    }

    private void TrainOn(int batch, int step, IReadOnlyList<bool> isKept, double learningRate, MeshOptimizer optimizer)
    {
        var shares = probe.Deal([batch]);
        long scored = TokenBatch.CountScored(corpus, batches.All[batch]);
        var work = new NextTokenWork(model, corpus, shares, 1.0 / Math.Max(scored, 1), new LayerGate(isKept));
        Differentiate(work, shares.Count, optimizer.Listener);
        optimizer.Step(step, learningRate);
        probe.CountTraining(batches.All[batch].Length, isKept.Count(kept => kept));
    }

    /// <summary>Forward and backward passes that hold the activations of one layer at a time.</summary>
    private void Differentiate(IMicroBatchWork work, int microBatches, IGradientListener? listener = null)
    {
        var recomputation = model.Decoder.Recomputation;
        model.Decoder.Recomputation = Recomputation.Layer;
        try
        {
            model.Executor.Train(work, microBatches, listener: listener);
        }
        finally
        {
            model.Decoder.Recomputation = recomputation;
        }
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

    /// <summary>Mean next-token loss over some calibration text, a batch as a micro-batch.</summary>
    private sealed class NextTokenWork(ShardedModel model, PackedCorpus corpus, IReadOnlyList<CalibrationShare> shares, double scale, LayerGate? gate = null) : IMicroBatchWork
    {
        public Tensor Ids(int microBatch) => TokenBatch.Ids(corpus, shares[microBatch].Sequences);

        public LayerGate? Gate(int microBatch) => gate;

        public Tensor Finish(int microBatch, Tensor hidden_BTH)
        {
            var (sequences, counts) = shares[microBatch];
            return TokenCrossEntropy.Sum(model.Decoder, hidden_BTH, TokenBatch.Labels(corpus, sequences), counts ? scale : 0);
        }
    }

    /// <summary>Sum of KL(teacher || gated teacher) over the positions of one batch.</summary>
    private sealed class GatedWork(ShardedModel model, PackedCorpus corpus, long[] sequences, LayerGate gate, Tensor? teacher_NV) : IMicroBatchWork
    {
        /// <summary>The sum; 0 on stages but the last.</summary>
        public double Kl { get; private set; }

        public Tensor Ids(int microBatch) => TokenBatch.Ids(corpus, sequences);

        public LayerGate Gate(int microBatch) => gate;

        public Tensor Finish(int microBatch, Tensor hidden_BTH)
        {
            using var scope = NewDisposeScope();
            var gated_NV = model.Decoder.Logits(hidden_BTH).flatten(0, 1).to_type(ScalarType.Float32).log_softmax(-1);
            var whole_NV = teacher_NV!.to(gated_NV.device).log_softmax(-1);
            var kl = (whole_NV.exp() * (whole_NV - gated_NV)).sum();
            Kl = kl.detach().item<float>();
            return kl.MoveToOuterDisposeScope();
        }
    }
}
