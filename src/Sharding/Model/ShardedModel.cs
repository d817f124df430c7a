using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>A model spread over a mesh: this rank's part, how its layers are laid over the stages, and what runs it.</summary>
public sealed class ShardedModel : IDisposable
{
    private ShardedModel(Decoder decoder, IDecoderWeightNames names, Mesh mesh, LayerPartition partition)
    {
        (Decoder, Names, Mesh, Partition) = (decoder, names, mesh, partition);
        Executor = new PipelineExecutor(decoder, mesh);
    }

    /// <summary>This rank's part.</summary>
    public Decoder Decoder { get; }

    /// <summary>The model as a whole, layers that were left out included.</summary>
    public DecoderConfig Config => Decoder.Config;

    /// <summary>Tensor names of the family.</summary>
    public IDecoderWeightNames Names { get; }

    /// <summary>The mesh; not owned.</summary>
    public Mesh Mesh { get; }

    /// <summary>Layers of every stage.</summary>
    public LayerPartition Partition { get; private set; }

    /// <summary>Runs micro-batches through the stages.</summary>
    public PipelineExecutor Executor { get; }

    /// <summary>Loads this rank's part of a checkpoint: only its own tensors are read.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="mesh">The mesh; must outlive the model.</param>
    /// <param name="context">Positions of a sequence, for the balance of the stages.</param>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="dropped">Layers that are left out; null for none.</param>
    /// <param name="frozen">How layers' matrices are kept when only adapters are trained.</param>
    /// <param name="partition">Which layers lie on which stage; null balances them by multiply-adds.</param>
    /// <param name="placement">Where routed experts are; null for equal, contiguous slices.</param>
    /// <param name="branches">Branches of the layers that are left out, by the layer's number; null for none but those that the checkpoint lacks.</param>
    /// <exception cref="CheckpointException">A tensor is missing or has another shape.</exception>
    /// <exception cref="MeshException">The mesh does not fit the model.</exception>
    public static ShardedModel Load(
        HuggingFaceCheckpoint checkpoint, Mesh mesh, int context, ScalarType dtype = ScalarType.Float32,
        IReadOnlyCollection<int>? dropped = null, FrozenStorage frozen = FrozenStorage.Same,
        LayerPartition? partition = null, ExpertPlacement? placement = null, DroppedBranches? branches = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(mesh);
        mesh.World.Activity.Begin("loading the model");
        var model = Create(
            checkpoint.Config.Without(branches ?? DroppedBranches.None), checkpoint.Names, checkpoint, mesh, context, dtype, dropped, frozen, partition, placement);
        if (checkpoint.PatchFile is { } patches)
            model.AddPatches(patches);
        return model;
    }

    /// <summary>Puts the patches of a file behind those of their layers that this rank holds; before anything becomes trainable.</summary>
    /// <param name="path">A safetensors file of patches by name; layers are numbered as in this model.</param>
    /// <exception cref="CheckpointException">The file is missing or holds something else.</exception>
    public void AddPatches(string path)
    {
        using var file = SafetensorsFile.Open(path);
        long hidden = Config.HiddenSize;
        foreach (var entry in file.Entries)
        {
            if (!StreamPatch.IsPatch(entry.Name) || Names.LayerOf(entry.Name) is not { } layer || layer >= Config.LayerCount
                || entry.Type != SafetensorsType.F32 || !entry.Shape.SequenceEqual([hidden, hidden]))
                throw new CheckpointException(
                    $"{path}: tensor '{entry.Name}', {entry.Type} {entry.ShapeText}, is no patch of this model; expected F32 [{hidden}, {hidden}] behind one of " +
                    $"its {Config.LayerCount} layers. Delete the file, or take the one that belongs to the model.");
            if (Decoder.Layers.Any(held => held.Index == layer))
                Decoder.AddPatch(entry.Name, layer, file.Load(entry.Name));
        }
    }

    /// <summary>Builds this rank's part from any source of weights.</summary>
    /// <param name="config">The model.</param>
    /// <param name="names">Tensor names of its family.</param>
    /// <param name="source">Where weights come from.</param>
    /// <param name="mesh">The mesh; must outlive the model.</param>
    /// <param name="context">Positions of a sequence, for the balance of the stages.</param>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="dropped">Layers that are left out; null for none.</param>
    /// <param name="frozen">How layers' matrices are kept when only adapters are trained.</param>
    /// <param name="partition">Which layers lie on which stage; null balances them by multiply-adds.</param>
    /// <param name="placement">Where routed experts are; null for equal, contiguous slices.</param>
    public static ShardedModel Create(
        DecoderConfig config, IDecoderWeightNames names, IWeightSource source, Mesh mesh, int context,
        ScalarType dtype = ScalarType.Float32, IReadOnlyCollection<int>? dropped = null, FrozenStorage frozen = FrozenStorage.Same,
        LayerPartition? partition = null, ExpertPlacement? placement = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(mesh);
        mesh.Shape.Validate(config);
        partition ??= LayerPartition.Of(config, mesh.Shape.Pipeline, context, dropped);
        var part = partition.PartOf(mesh.Shape, new MeshPosition(mesh.Stage, mesh.DataRank, mesh.ExpertRank)) with
        {
            Placement = placement,
            ExpertNodes = mesh.ExpertNodes,
        };
        IExpertDispatcher dispatcher = mesh.Shape.Expert > 1
            ? new AllToAllExpertDispatcher(mesh.ExpertGroup, part.PlacementOf(config.Moe!), mesh.Messages)
            : new LocalExpertDispatcher();
        return new ShardedModel(new Decoder(config, names, source, part, dtype, dispatcher, frozen, mesh.Device), names, mesh, partition);
    }

    /// <summary>Parameters of the whole model as it is now, adapters not counted. Collective over the world.</summary>
    public long CountParameters()
    {
        double mine = OwnParameters().Where(parameter => !Projection.IsAdapter(parameter.Name)).Sum(parameter => parameter.Value.numel());
        return (long)Mesh.World.AllReduceScalar(mine, Mpi.ReduceOperation.Sum);
    }

    /// <summary>Parameters that this rank answers for: over all ranks together every one of the model is among them once.</summary>
    public IEnumerable<ModelParameter> OwnParameters()
    {
        bool tiedCopy = Config.TieWordEmbeddings && Mesh.IsLastStage && !Mesh.IsFirstStage;
        return Decoder.Parameters.All.Where(parameter => !(tiedCopy && parameter == Decoder.Embedding) && parameter.Placement switch
        {
            ParameterPlacement.Expert => Mesh.DataRank < Mesh.Shape.Expert,
            ParameterPlacement.ExpertCopy => false,
            _ => Mesh.DataRank == 0,
        });
    }

    /// <summary>
    /// Brings layers to the stages of another partition, from memory to memory, with their adapters and the optimiser's state, bit for bit. To be
    /// called between steps. Collective over the world.
    /// </summary>
    /// <param name="target">Where the same layers will lie.</param>
    /// <param name="optimizer">What trains this model; its state is laid out anew.</param>
    /// <exception cref="ArgumentException">The partition is of other layers.</exception>
    public void MoveLayers(LayerPartition target, MeshOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var moves = Partition.MovesTo(target);
        var transfer = new LayerTransfer(Mesh.PipelineGroup, Mesh.Messages);
        var leaving = moves.Where(move => move.From == Mesh.Stage).ToList();
        foreach (var move in leaving)
            transfer.Send(move.Layer, Decoder.Parameters, optimizer.State.ReadState, move.To);
        var arrived = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var move in moves.Where(move => move.To == Mesh.Stage))
            transfer.Receive(move.Layer, Decoder, arrived, move.From);
        transfer.Finish();
        Decoder.RemoveLayers([.. leaving.Select(move => move.Layer)]);
        if (moves.Any(move => move.From == Mesh.Stage || move.To == Mesh.Stage))
            optimizer.Rebuild(Decoder, arrived);
        Partition = target;
    }

    /// <summary>
    /// How much <see cref="FrozenStorage"/> changed the weights that it rounded: root of the mean square of the differences over that of the
    /// weights, 0 when nothing was rounded. Collective over the world.
    /// </summary>
    public double RelativeRounding()
    {
        double error = Mesh.World.AllReduceScalar(Decoder.Rounding.SquaredError, Mpi.ReduceOperation.Sum);
        double norm = Mesh.World.AllReduceScalar(Decoder.Rounding.SquaredNorm, Mpi.ReduceOperation.Sum);
        return norm > 0 ? Math.Sqrt(error / norm) : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}
