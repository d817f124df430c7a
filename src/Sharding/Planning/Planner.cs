using E3Scale.MoE;

namespace E3Scale.Sharding.Planning;

/// <summary>Plans a run without weights: memory, communication and time on one mesh, or on every mesh that a cluster allows.</summary>
/// <param name="config">The model.</param>
/// <param name="cluster">The cluster.</param>
/// <param name="workload">The run.</param>
public sealed class Planner(DecoderConfig config, ClusterSpec cluster, PlanWorkload workload)
{
    /// <summary>Plans one mesh, whether its memory suffices or not.</summary>
    /// <param name="shape">The mesh.</param>
    /// <exception cref="MeshException">The mesh does not fit model, batch or cluster.</exception>
    public MeshPlan Plan(MeshShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Check(shape);
        var partition = LayerPartition.Of(config, shape.Pipeline, workload.SequenceLength);
        var memory = new MemoryModel(config, cluster, workload);
        var communication = new CommunicationModel(config, cluster, workload, shape);
        var time = new TimeModel(config, cluster, workload, shape);
        // The number of dropped layers grows linearly over the search.
        var search = time.Step(partition, droppedShare: workload.DropLayers / 2.0 / config.LayerCount);
        var distill = time.Step(LayerPartition.Of(config, shape.Pipeline, workload.SequenceLength, DroppedEvenly()));
        return new MeshPlan
        {
            Mesh = shape,
            Partition = partition,
            Memory = memory.OfStages(shape, partition),
            CaptureBytes = memory.OfCapture(shape, partition),
            Communication = [.. Enumerable.Range(0, shape.Pipeline).Select(stage => communication.OfStage(stage, partition))],
            Search = search,
            Distill = distill,
            Recipe = time.Recipe(search, distill, partition),
            TokensPerSecond = (double)workload.BatchSequences * workload.SequenceLength / distill.Seconds,
        };
    }

    /// <summary>Every mesh that uses all devices: those that can be used by the time of the recipe, fastest first, then the others.</summary>
    public IReadOnlyList<MeshCandidate> Search() =>
    [
        .. Shapes().Select(Consider).OrderBy(candidate => candidate.Rejection is not null).ThenBy(candidate => candidate.Plan?.Recipe.Total ?? double.MaxValue),
    ];

    /// <summary>Plans a mesh, and says why it cannot be used.</summary>
    /// <param name="shape">The mesh.</param>
    public MeshCandidate Consider(MeshShape shape)
    {
        try
        {
            var plan = Plan(shape);
            return new MeshCandidate(shape, plan, TooLarge(plan));
        }
        catch (MeshException error)
        {
            return new MeshCandidate(shape, null, error.Message);
        }
    }

    private IEnumerable<MeshShape> Shapes() =>
        from pipeline in Divisors(cluster.Devices)
        from expert in Divisors(cluster.Devices / pipeline)
        select new MeshShape(pipeline, expert, cluster.Devices / pipeline);

    private static IEnumerable<int> Divisors(int number) => Enumerable.Range(1, number).Where(candidate => number % candidate == 0);

    private void Check(MeshShape shape)
    {
        shape.Validate(config);
        if (shape.WorldSize > cluster.Devices)
            throw new MeshException($"mesh {shape} needs {shape.WorldSize} ranks, but {cluster.Name} has {cluster.Devices} devices.");
        if (workload.BatchSequences % workload.MicroBatchSequences != 0 || workload.BatchSequences / workload.MicroBatchSequences % shape.Data != 0)
            throw new MeshException(
                $"mesh {shape}: {workload.BatchSequences / (double)workload.MicroBatchSequences:0.##} micro-batches per step cannot be dealt evenly " +
                $"to {shape.Data} data ranks.");
        if (config.LayerCount - workload.DropLayers < shape.Pipeline)
            throw new MeshException($"mesh {shape}: {config.LayerCount - workload.DropLayers} layers are left for {shape.Pipeline} pipeline stages.");
    }

    private string? TooLarge(MeshPlan plan)
    {
        double limit = cluster.MemoryBytes;
        int stage = Enumerable.Range(0, plan.Memory.Count).MaxBy(i => plan.Memory[i].Total);
        RankMemory most = plan.Memory[stage];
        if (most.Total > limit)
        {
            var (name, bytes) = most.Items.MaxBy(item => item.Bytes);
            return $"stage {stage} needs {Gigabytes(most.Total)} of {Gigabytes(limit)}, {Gigabytes(most.Total - limit)} too much; " +
                $"most of it {name}, {Gigabytes(bytes)}";
        }
        return plan.CaptureBytes > limit
            ? $"capture needs {Gigabytes(plan.CaptureBytes)} of {Gigabytes(limit)} on the last stage, {Gigabytes(plan.CaptureBytes - limit)} too much"
            : null;
    }

    /// <summary>Which layers the search will drop is not known: they are taken evenly, between the first and the last where these can stay.</summary>
    private int[] DroppedEvenly()
    {
        int first = workload.DropLayers > config.LayerCount - 2 ? 0 : 1, candidates = config.LayerCount - 2 * first;
        return [.. Enumerable.Range(0, workload.DropLayers).Select(i => first + (int)((i + 0.5) * candidates / workload.DropLayers))];
    }

    private static string Gigabytes(double bytes) => $"{bytes / 1e9:0.0} GB";
}
