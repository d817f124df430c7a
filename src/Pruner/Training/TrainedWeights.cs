using E3Scale.Sharding;

namespace E3Scale.Pruner.Training;

/// <summary>Weights that a search or a recovery left in its checkpoints.</summary>
internal static class TrainedWeights
{
    /// <summary>Puts them into a model. Collective over the world.</summary>
    /// <param name="model">The model, as it was loaded; what was trained becomes trainable.</param>
    /// <param name="train">The training's settings: they say what that is.</param>
    /// <param name="checkpointFolder">Folder of the checkpoints.</param>
    /// <param name="step">Which checkpoint.</param>
    /// <returns>What holds the states; the caller disposes it, after the model's last use.</returns>
    /// <exception cref="MoE.CheckpointException">The checkpoint is missing or damaged.</exception>
    public static MeshOptimizer Load(ShardedModel model, TrainOptions train, string checkpointFolder, int step)
    {
        TrainableParameters.Choose(model.Decoder, train);
        var optimizer = new MeshOptimizer(model.Decoder, model.Mesh, train.Optimizer);
        Read(model, optimizer, checkpointFolder, step);
        return optimizer;
    }

    /// <summary>Puts them into a model that has an optimiser. Collective over the world.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">Its optimiser.</param>
    /// <param name="checkpointFolder">Folder of the checkpoints.</param>
    /// <param name="step">Which checkpoint.</param>
    /// <param name="mayLack">Parameters, by name, that keep the model's values where the checkpoint has none; null for none.</param>
    /// <exception cref="MoE.CheckpointException">The checkpoint is missing or damaged.</exception>
    public static void Read(ShardedModel model, MeshOptimizer optimizer, string checkpointFolder, int step, Predicate<string>? mayLack = null)
    {
        using var checkpoints = new TrainCheckpoint(checkpointFolder, model.Mesh);
        checkpoints.Load(step, optimizer, mayLack);
    }
}
