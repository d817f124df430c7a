using E3Scale.MoE;
using TorchSharp;

namespace E3Scale.Sharding.Planning;

/// <summary>Predicts the memory of every rank of a mesh in training with all layers: the search, which no other stage exceeds but capture.</summary>
/// <param name="config">The model.</param>
/// <param name="cluster">The devices.</param>
/// <param name="workload">The run.</param>
public sealed class MemoryModel(DecoderConfig config, ClusterSpec cluster, PlanWorkload workload)
{
    private const int Float = sizeof(float);
    private readonly ActivationModel _activations = new(config, workload);

    /// <summary>Memory of a rank of each stage; all ranks of a stage hold as much.</summary>
    /// <param name="shape">The mesh.</param>
    /// <param name="partition">Layers of the stages.</param>
    public IReadOnlyList<RankMemory> OfStages(MeshShape shape, LayerPartition partition)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(partition);
        return [.. Enumerable.Range(0, shape.Pipeline).Select(stage => OfStage(shape, partition, stage))];
    }

    /// <summary>Memory of a rank of the last stage while the teacher's logits are captured: weights, one layer, logits and their float32 copy.</summary>
    /// <param name="shape">The mesh.</param>
    /// <param name="partition">Layers of the stages.</param>
    public long OfCapture(MeshShape shape, LayerPartition partition)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(partition);
        int width = workload.DType.ElementSize();
        var part = partition.PartOf(shape, new MeshPosition(shape.Pipeline - 1, 0, 0));
        long logits = workload.MicroBatchTokens * config.VocabularySize * (width == Float ? Float : width + Float);
        // The teacher is loaded in the type that the model computes in, whatever adapters keep it in later.
        return ParameterCounts.Of(config, part, workload).Weights * width
            + Math.Max(part.Layers.Max(_activations.WorkingSet), logits) + (long)(cluster.ReservedGigabytes * 1e9);
    }

    private RankMemory OfStage(MeshShape shape, LayerPartition partition, int stage)
    {
        var part = partition.PartOf(shape, new MeshPosition(stage, 0, 0));
        var counts = ParameterCounts.Of(config, part, workload);
        int width = workload.DType.ElementSize();
        int inFlight = PeakInFlight(stage, shape);
        return new RankMemory
        {
            Weights = Enum.GetValues<WeightKind>().ToDictionary(kind => kind, kind => (long)(counts[kind] * workload.BytesPerWeight(kind))),
            Adapters = counts.Adapters * width,
            Gradients = Float * (WithOwnShare(counts.TrainableDense, shape.Data) + WithOwnShare(counts.TrainableExperts, shape.Data / shape.Expert)),
            MasterWeights = width == Float ? 0 : Float * States(counts, shape), // float32 weights are their own master
            Moments = 2 * Float * States(counts, shape),
            Activations = inFlight * Kept(part) + (part.HasHead ? _activations.Head() : 0),
            WorkingSet = Math.Max(part.Layers.Max(Working), counts.LargestTrainable * Float),
            Messages = Messages(shape, part),
            StoreCache = part.HasHead ? workload.StoreCacheBytes : 0,
            Reserved = (long)(cluster.ReservedGigabytes * 1e9),
        };
    }

    /// <summary>Gradients of all trainable parameters, and beside them the reduced ones of this rank's share.</summary>
    private static long WithOwnShare(long count, int ranks) => ranks == 1 ? count : count + count / ranks;

    /// <summary>Parameters whose optimiser state this rank keeps.</summary>
    private long States(ParameterCounts counts, MeshShape shape) => workload.ShardsStates
        ? counts.TrainableDense / shape.Data + counts.TrainableExperts / (shape.Data / shape.Expert)
        : counts.Trainable;

    private long Kept(DecoderPart part) =>
        workload.Recompute ? part.Layers.Count * _activations.Residual : part.Layers.Sum(_activations.KeptByLayer);

    private long Working(int layer) => _activations.WorkingSet(layer) + (workload.Recompute ? _activations.KeptByLayer(layer) : 0);

    /// <summary>For each neighbour, the messages that may be under way in both directions.</summary>
    private long Messages(MeshShape shape, DecoderPart part)
    {
        int neighbours = (part.HasEmbedding ? 0 : 1) + (part.HasHead ? 0 : 1);
        return neighbours * Math.Min(2 * PipelineScheduleValidator.MessageCapacity, workload.MicroBatches(shape)) * _activations.Residual;
    }

    /// <summary>Micro-batches whose activations a stage holds at most.</summary>
    private int PeakInFlight(int stage, MeshShape shape) =>
        StagePeak.Of(workload.Schedule.Actions(stage, shape.Pipeline, workload.MicroBatches(shape))).Together;
}
