using E3Scale.MoE;
using TorchSharp;

namespace E3Scale.Sharding.Planning;

/// <summary>What a rank sends in a step, by kind of message and link, and how long that takes with nothing else going on.</summary>
/// <param name="config">The model.</param>
/// <param name="cluster">The links.</param>
/// <param name="workload">The run.</param>
/// <param name="shape">The mesh.</param>
public sealed class CommunicationModel(DecoderConfig config, ClusterSpec cluster, PlanWorkload workload, MeshShape shape)
{
    private readonly int _width = workload.DType.ElementSize();

    /// <summary>Seconds until an activation, or its gradient, is on the next stage; 0 without one.</summary>
    public double PipelineSendSeconds => shape.Pipeline == 1 ? 0 : cluster.LinkBetween(0, shape.Data).Seconds(ResidualBytes);

    /// <summary>Seconds of one exchange of rows within an expert group: out to the experts, or back.</summary>
    public double ExchangeSeconds => shape.Expert == 1 ? 0 : ExchangeSecondsOver(0);

    /// <summary>Seconds of summing the gradients of a stage: every rank ends up with the sums of its share.</summary>
    /// <param name="counts">Parameters of a rank of the stage.</param>
    public double ReduceSeconds(ParameterCounts counts) => RingSeconds(counts, sizeof(float));

    /// <summary>Seconds until every rank has the new weights of all shares.</summary>
    /// <param name="counts">Parameters of a rank of the stage.</param>
    public double GatherSeconds(ParameterCounts counts) => RingSeconds(counts, _width);

    /// <summary>Everything that a rank of a stage sends in a step.</summary>
    /// <param name="stage">0-based stage.</param>
    /// <param name="partition">Layers of the stages.</param>
    public IReadOnlyList<CommunicationVolume> OfStage(int stage, LayerPartition partition)
    {
        ArgumentNullException.ThrowIfNull(partition);
        int first = stage * shape.Data, microBatches = workload.MicroBatches(shape);
        var part = partition.PartOf(shape, shape.PositionOf(first));
        var counts = ParameterCounts.Of(config, part, workload);
        var volumes = new List<CommunicationVolume>();
        if (!part.HasHead)
            volumes.Add(new("activations to the next stage", Link(first, first + shape.Data), microBatches * ResidualBytes, microBatches));
        if (!part.HasEmbedding)
            volumes.Add(new("gradients to the previous stage", Link(first, first - shape.Data), microBatches * ResidualBytes, microBatches));
        int exchanges = part.Layers.Count(config.HasExperts) * microBatches * (workload.Recompute ? 6 : 4);
        if (shape.Expert > 1 && exchanges > 0)
            foreach (bool within in new[] { true, false })
                if (RemoteRanks(first, within) is > 0 and var ranks)
                    volumes.Add(new("rows to experts and back", within, exchanges * RowBytes * ranks / shape.Expert, exchanges * ranks));
        AddRing(volumes, "dense", first, counts.TrainableDense, shape.Data, 1);
        AddRing(volumes, "expert", first, counts.TrainableExperts, shape.Data / shape.Expert, shape.Expert);
        return volumes;
    }

    private long ResidualBytes => workload.MicroBatchTokens * config.HiddenSize * _width;

    /// <summary>Bytes of the rows of a micro-batch: every token once for each of its experts.</summary>
    private long RowBytes => workload.MicroBatchTokens * (config.Moe?.ExpertsPerToken ?? 0) * config.HiddenSize * _width;

    private bool Link(int from, int to) => from / cluster.DevicesPerNode == to / cluster.DevicesPerNode;

    /// <summary>Other ranks of a rank's expert group on its own node, or on others.</summary>
    private int RemoteRanks(int rank, bool within) =>
        Enumerable.Range(rank / shape.Expert * shape.Expert, shape.Expert).Count(other => other != rank && Link(rank, other) == within);

    // Links to the own node and to others work at the same time; rows are spread evenly over the ranks.
    private double ExchangeSecondsOver(int rank) => Math.Max(
        RemoteRanks(rank, true) is > 0 and var inside ? cluster.IntraNode.Seconds((double)RowBytes * inside / shape.Expert) : 0,
        RemoteRanks(rank, false) is > 0 and var outside
            ? (cluster.InterNode ?? cluster.IntraNode).Seconds((double)RowBytes * outside / shape.Expert)
            : 0);

    private double RingSeconds(ParameterCounts counts, int width)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return RingSeconds(counts.TrainableDense * width, shape.Data, 1) + RingSeconds(counts.TrainableExperts * width, shape.Data / shape.Expert, shape.Expert);
    }

    /// <summary>A ring: n - 1 messages of one n-th each, over the slowest link of the group.</summary>
    private double RingSeconds(long bytes, int ranks, int stride) =>
        ranks == 1 || bytes == 0 ? 0 : (ranks - 1) * SlowestLink(0, ranks, stride).Seconds((double)bytes / ranks);

    private LinkSpec SlowestLink(int first, int ranks, int stride) => cluster.LinkBetween(first, first + (ranks - 1) * stride);

    private void AddRing(List<CommunicationVolume> volumes, string kind, int first, long count, int ranks, int stride)
    {
        if (ranks == 1 || count == 0)
            return;
        bool within = Link(first, first + (ranks - 1) * stride);
        volumes.Add(new($"sums of {kind} gradients", within, (ranks - 1) * count * sizeof(float) / ranks, ranks - 1));
        volumes.Add(new($"new {kind} weights", within, (ranks - 1) * count * _width / ranks, ranks - 1));
    }
}
