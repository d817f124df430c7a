using E3Scale.MoE;

namespace E3Scale.Sharding.Planning;

/// <summary>Predicts how long steps and stages take: passes from floating-point operations, the bubble from the schedule, messages from links.</summary>
public sealed class TimeModel
{
    /// <summary>
    /// Bytes that an optimiser step moves for each trainable parameter: gradients collected, measured and clipped, four float32 vectors read and
    /// three written, the model's weight written.
    /// </summary>
    private const double OptimizerBytesPerParameter = 44;

    private const int RecipeStages = 4;
    private readonly DecoderConfig _config;
    private readonly ClusterSpec _cluster;
    private readonly PlanWorkload _workload;
    private readonly MeshShape _shape;
    private readonly ComputeModel _compute;
    private readonly CommunicationModel _communication;
    private readonly double _flopsPerSecond;

    /// <summary>Prepares the model for a mesh.</summary>
    /// <param name="config">The model.</param>
    /// <param name="cluster">Devices and links.</param>
    /// <param name="workload">The run.</param>
    /// <param name="shape">The mesh.</param>
    public TimeModel(DecoderConfig config, ClusterSpec cluster, PlanWorkload workload, MeshShape shape)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(workload);
        (_config, _cluster, _workload, _shape) = (config, cluster, workload, shape);
        _compute = new ComputeModel(config, workload);
        _communication = new CommunicationModel(config, cluster, workload, shape);
        _flopsPerSecond = cluster.FlopsPerSecond(workload.DType);
    }

    /// <summary>A training step.</summary>
    /// <param name="partition">Layers of the stages.</param>
    /// <param name="droppedShare">Share of the layers whose mask is 0: they run forward only.</param>
    public StepTime Step(LayerPartition partition, double droppedShare = 0)
    {
        ArgumentNullException.ThrowIfNull(partition);
        var passes = Passes(partition, droppedShare);
        int microBatches = _workload.MicroBatches(_shape);
        var simulation = PipelineSimulation.Run(_workload.Schedule, microBatches, passes);
        double pipeline = Math.Max(simulation.Duration, SharedSeconds(stage => microBatches * passes.Whole(stage)));
        var counts = Enumerable.Range(0, _shape.Pipeline).Select(stage => Count(partition, stage)).ToArray();
        return new StepTime
        {
            Passes = passes,
            PipelineSeconds = pipeline,
            BubbleShare = 1 - simulation.Duration * (1 - simulation.MeanBubbleShare) / pipeline,
            ExchangeSeconds = partition.Stages.Max(layers => layers.Count(_config.HasExperts)) * microBatches * ExchangesPerLayer * _communication.ExchangeSeconds,
            // Sums of gradients travel while the last micro-batch goes backward; new weights travel when nothing else is left to do.
            ReductionSeconds = counts.Select((count, stage) =>
                Math.Max(0, _communication.ReduceSeconds(count) - passes.Whole(stage) + passes.Forward[stage]) + _communication.GatherSeconds(count)).Max(),
            OptimizerSeconds = Slowdown * counts.Max(Updated) * OptimizerBytesPerParameter / (1e9 * _cluster.MemoryGigabytesPerSecond),
        };
    }

    /// <summary>The stages of the whole recipe.</summary>
    /// <param name="search">A step of the search.</param>
    /// <param name="distill">A step of the recovery.</param>
    /// <param name="partition">Stages of the whole model.</param>
    public RecipeTime Recipe(StepTime search, StepTime distill, LayerPartition partition)
    {
        ArgumentNullException.ThrowIfNull(search);
        ArgumentNullException.ThrowIfNull(distill);
        ArgumentNullException.ThrowIfNull(partition);
        return new RecipeTime(
            RecipeStages * LoadSeconds(partition), CaptureSeconds(partition), ImportanceSeconds(partition),
            _workload.SearchSteps * search.Seconds, (_workload.Steps - _workload.SearchSteps) * distill.Seconds);
    }

    /// <summary>Exchanges of rows in a layer: to the experts and back, forward and backward, and again forward when that is recomputed.</summary>
    private int ExchangesPerLayer => _workload.Recompute ? 6 : 4;

    /// <summary>How much slower all devices of a node are when they compute at once; 1 where each has its own units.</summary>
    private double Slowdown => _cluster.ConcurrentDevices is { } units
        ? Math.Max(1, (double)Math.Min(_cluster.DevicesPerNode, _shape.WorldSize) / units)
        : 1;

    /// <summary>Parameters that a rank updates: its share, when states are shared.</summary>
    private long Updated(ParameterCounts counts) => _workload.ShardsStates
        ? counts.TrainableDense / _shape.Data + counts.TrainableExperts / (_shape.Data / _shape.Expert)
        : counts.Trainable;

    private ParameterCounts Count(LayerPartition partition, int stage) =>
        ParameterCounts.Of(_config, partition.PartOf(_shape, new MeshPosition(stage, 0, 0)), _workload);

    private PipelineDurations Passes(LayerPartition partition, double droppedShare)
    {
        double exchange = _communication.ExchangeSeconds, trained = 1 - droppedShare;
        double[] Stages(Func<int, double> layerFlops, Func<int, int> exchanges, double head) =>
        [
            .. partition.Stages.Select((layers, stage) =>
                (layers.Sum(layerFlops) + (stage == _shape.Pipeline - 1 ? head : 0)) / _flopsPerSecond + layers.Sum(exchanges) * exchange),
        ];
        int PerLayer(int layer, int count) => _config.HasExperts(layer) ? count : 0;
        return new PipelineDurations(
            Stages(_compute.Forward, layer => PerLayer(layer, 2), _compute.Head),
            Stages(layer => trained * _compute.BackwardInput(layer), layer => PerLayer(layer, ExchangesPerLayer - 2), _compute.Head),
            Stages(layer => trained * _compute.BackwardWeight(layer), _ => 0, _workload.Lora is null ? _compute.Head : 0),
            _communication.PipelineSendSeconds);
    }

    /// <summary>Seconds that the busiest node needs for work of its ranks when they share compute units; 0 where each has its own.</summary>
    private double SharedSeconds(Func<int, double> secondsOfStage)
    {
        if (_cluster.ConcurrentDevices is not { } units)
            return 0;
        return Enumerable.Range(0, _shape.WorldSize)
            .GroupBy(rank => rank / _cluster.DevicesPerNode)
            .Max(node => node.Sum(rank => secondsOfStage(_shape.PositionOf(rank).Stage)) / Math.Min(units, node.Count()));
    }

    private double[] ForwardSeconds(LayerPartition partition) =>
    [
        .. partition.Stages.Select((layers, stage) =>
            (layers.Sum(_compute.Forward) + (stage == _shape.Pipeline - 1 ? _compute.WholeHead : 0)) / _flopsPerSecond
            + 2 * layers.Count(_config.HasExperts) * _communication.ExchangeSeconds),
    ];

    private double CaptureSeconds(LayerPartition partition)
    {
        double[] forward = ForwardSeconds(partition);
        double batches = Math.Ceiling((double)_workload.CaptureTokens / _workload.MicroBatchTokens / _shape.Data);
        double pipelined = batches == 0 ? 0 : (batches - 1) * forward.Max() + forward.Sum();
        return Math.Max(pipelined, SharedSeconds(stage => batches * forward[stage]));
    }

    /// <summary>
    /// A stage runs its layers once in full, once for every layer left out before it, and half of them on average for each of its own. A round with fewer
    /// layers has fewer passes, each of fewer layers.
    /// </summary>
    private double ImportanceSeconds(LayerPartition partition)
    {
        double[] forward = ForwardSeconds(partition);
        double layers = _config.LayerCount;
        double rounds = Enumerable.Range(0, _workload.ImportanceRounds).Sum(gone => Math.Pow((layers - gone) / layers, 2));
        double batches = rounds * Math.Ceiling((double)_workload.ImportanceSequences / _workload.MicroBatchSequences / _shape.Data);
        int before = 0;
        var runs = new double[forward.Length];
        for (int stage = 0; stage < forward.Length; before += partition.Stages[stage++].Count)
            runs[stage] = 1 + before + partition.Stages[stage].Count / 2.0;
        return Math.Max(
            batches * forward.Select((seconds, stage) => seconds * runs[stage]).Max(), SharedSeconds(stage => batches * runs[stage] * forward[stage]));
    }

    /// <summary>Every node reads each tensor that its ranks hold once.</summary>
    private double LoadSeconds(LayerPartition partition)
    {
        double bytesPerParameter = (double)_workload.CheckpointBytes / DecoderWeights.Count(_config);
        double largest = Enumerable.Range(0, _shape.WorldSize).GroupBy(rank => rank / _cluster.DevicesPerNode).Max(node =>
            node.Select(_shape.PositionOf).GroupBy(position => position.Stage).Sum(stage => Held(partition, stage.Key, stage.DistinctBy(p => p.ExpertRank).Count())));
        return largest * bytesPerParameter / (1e9 * _cluster.DiskGigabytesPerSecond);
    }

    private double Held(LayerPartition partition, int stage, int expertSlices)
    {
        var counts = Count(partition, stage);
        return counts.Weights + (expertSlices - 1.0) * counts[WeightKind.RoutedExperts];
    }
}
