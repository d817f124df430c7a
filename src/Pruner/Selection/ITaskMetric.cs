using E3Scale.Sharding;

namespace E3Scale.Pruner.Selection;

/// <summary>A task that pruned models are judged by, with a text of its own; comes from outside, so that any evaluation can be one.</summary>
public interface ITaskMetric
{
    /// <summary>Positions that one judgement takes through the model, over all data ranks.</summary>
    long Tokens { get; }

    /// <summary>How bad the model of the kept layers is at the task; less is better. Collective over the world, the same on every rank.</summary>
    /// <param name="model">The teacher, whole.</param>
    /// <param name="isKept">[L].</param>
    double Loss(ShardedModel model, IReadOnlyList<bool> isKept);
}
