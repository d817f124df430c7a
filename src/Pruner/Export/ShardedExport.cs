using E3Scale.MoE;
using E3Scale.Mpi;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Export;

/// <summary>Exports over several ranks: every rank writes its share, and no rank waits for another while it does.</summary>
public static class ShardedExport
{
    /// <summary>Writes a sharded model. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exporter">What the folder is to be like.</param>
    /// <param name="isTrainedFromSource">
    /// Whether the model began as the exporter's source, so that weights which training left alone may be copied from there. Default no.
    /// </param>
    /// <param name="sourceScales">Factors by which weights in the model differ from the source's that training left alone, by name; null for none.</param>
    /// <param name="replaced">Names of weights that are not the source's although no training moved them; null for none.</param>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    public static void Write(
        ShardedModel model, CheckpointExporter exporter, bool isTrainedFromSource = false, IReadOnlyDictionary<string, double>? sourceScales = null,
        IReadOnlySet<string>? replaced = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(exporter);
        var world = model.Mesh.World;
        Write(world, exporter, () => OwnTensors(model, isTrainedFromSource, sourceScales, replaced)
            .Concat(exporter.PredictionTensors(world.Rank, world.Size)).Concat(exporter.BranchTensors(world.Rank, world.Size)));
    }

    /// <summary>Writes the exporter's source as it is stored, without a model in memory. Collective over the world.</summary>
    /// <param name="world">The ranks.</param>
    /// <param name="exporter">What the folder is to be like.</param>
    /// <param name="progress">Told how many tensors this rank has come to.</param>
    /// <exception cref="CheckpointException">A file cannot be read or written.</exception>
    public static void WriteSource(Communicator world, CheckpointExporter exporter, IStageProgress progress)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(exporter);
        ArgumentNullException.ThrowIfNull(progress);
        Write(world, exporter, () => Watched([.. exporter.SourceTensors(world.Rank, world.Size)], world, progress));
    }

    private static void Write(Communicator world, CheckpointExporter exporter, Func<IEnumerable<ExportTensor>> ownTensors)
    {
        if (world.Rank == 0)
            exporter.Prepare();
        world.Barrier();
        exporter.WriteShards(world.Rank, ownTensors());
        world.Barrier();
        if (world.Rank == 0)
            exporter.Finish();
        world.Barrier();
    }

    /// <summary>Dense weights of data rank 0, experts of the first expert group, a tied embedding once.</summary>
    private static IEnumerable<ExportTensor> OwnTensors(
        ShardedModel model, bool isTrainedFromSource, IReadOnlyDictionary<string, double>? sourceScales, IReadOnlySet<string>? replaced)
    {
        var mesh = model.Mesh;
        var adapted = model.Decoder.Parameters.All.Select(parameter => Projection.AdaptedWeight(parameter.Name)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var (parameter, value) in model.Decoder.MergedWeights())
        {
            bool isTiedCopy = parameter == model.Decoder.Embedding && !mesh.IsFirstStage;
            bool owned = parameter.Placement == ParameterPlacement.Expert ? mesh.DataRank < mesh.Shape.Expert : mesh.DataRank == 0;
            mesh.World.Activity.Advance();
            if (!owned || isTiedCopy)
                continue;
            bool isAdapted = adapted.Contains(parameter.Name);
            yield return new ExportTensor(parameter.Name, parameter.Value.shape, value)
            {
                // What is kept in a smaller type was trained beside its rounded values: those are exported.
                IsUnchanged = isTrainedFromSource && !parameter.Trainable && !isAdapted && !parameter.IsCompressed && replaced?.Contains(parameter.Name) != true,
                SourceScale = sourceScales?.GetValueOrDefault(parameter.Name, 1) ?? 1,
                Blocks = isAdapted ? null : parameter.Blocks,
            };
        }
    }

    private static IEnumerable<ExportTensor> Watched(IReadOnlyList<ExportTensor> tensors, Communicator world, IStageProgress progress)
    {
        progress.Begin("export", tensors.Count, "tensors");
        for (int i = 0; i < tensors.Count; i++)
        {
            world.Activity.Advance();
            progress.Report(i);
            yield return tensors[i];
        }
        progress.End();
    }
}
