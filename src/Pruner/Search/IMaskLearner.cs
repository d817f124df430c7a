using System.Text.Json.Nodes;
using E3Scale.MoE;
using E3Scale.Sharding;

namespace E3Scale.Pruner.Search;

/// <summary>
/// What learns which layers stay while the weights train: it draws the masks of every step and moves what it drew them from by their gradients.
/// The same on every rank.
/// </summary>
public interface IMaskLearner
{
    /// <summary>Name in mask.json.</summary>
    string Method { get; }

    /// <summary>What masks and scores have an entry for. Default: layers.</summary>
    PruningUnits Units => PruningUnits.Layers;

    /// <summary>Field of importance.json that the scores started from; null (default) where they did not.</summary>
    string? StartedFrom => null;

    /// <summary>A number for every layer, or other unit, [L]; larger means keep.</summary>
    IReadOnlyList<double> Scores { get; }

    /// <summary>The masks of a step, the same on every rank that works on the same micro-batch; disposed by the caller.</summary>
    /// <param name="step">0-based.</param>
    MaskStep Begin(int step);

    /// <summary>Sums the masks' gradients over all ranks. Collective over the world.</summary>
    /// <param name="masks">The step's masks, after the backward passes.</param>
    /// <returns>Whether the gradient is finite, the same on every rank; only then may <see cref="Update"/> be called.</returns>
    bool Reduce(MaskStep masks);

    /// <summary>Moves by the gradient that <see cref="Reduce"/> found.</summary>
    void Update();

    /// <summary>Layers, or other units, that would stay if the search ended after a step, [L].</summary>
    /// <param name="step">0-based.</param>
    bool[] KeptNow(int step);

    /// <summary>A step's line of trajectory.jsonl: at least step, temperature, dropped, scores, kept.</summary>
    /// <param name="step">0-based.</param>
    JsonObject Trajectory(int step);

    /// <summary>A step in a few words, for the progress bar.</summary>
    /// <param name="step">0-based.</param>
    string Describe(int step);

    /// <summary>Starts the search, before the first step; not called when it goes on from a checkpoint. Collective over the world.</summary>
    /// <param name="judge">Judges masks with the weights of the teacher.</param>
    void Prepare(IMaskJudge judge)
    {
    }

    /// <summary>
    /// Ends the search, after the last step and before its checkpoint: the mask may be chosen anew, or what it says brought into the weights. Collective
    /// over the world.
    /// </summary>
    /// <param name="model">The student, dropped layers still in it.</param>
    /// <param name="optimizer">What trains it.</param>
    /// <param name="judge">Judges masks with the weights as they are.</param>
    void Complete(ShardedModel model, MeshOptimizer optimizer, IMaskJudge judge)
    {
    }

    /// <summary>How the loss chose a mask at the start or at the end; null (default) where it did not.</summary>
    MaskRefinementResult? Refinement => null;

    /// <summary>What a checkpoint needs.</summary>
    JsonObject Save();

    /// <summary>Goes on from a checkpoint with the same bits.</summary>
    /// <param name="saved">What <see cref="Save"/> gave.</param>
    void Restore(JsonObject saved);
}
