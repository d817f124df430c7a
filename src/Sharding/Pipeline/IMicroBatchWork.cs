using E3Scale.MoE;
using static TorchSharp.torch;

namespace E3Scale.Sharding;

/// <summary>What is computed on each micro-batch of this replica; the executor asks, whatever the schedule.</summary>
public interface IMicroBatchWork
{
    /// <summary>Token ids of a micro-batch. Asked on every stage, since the shape is the shape of what travels.</summary>
    /// <param name="microBatch">0-based within the replica.</param>
    /// <returns>int64 [B, T]; the executor disposes it.</returns>
    Tensor Ids(int microBatch);

    /// <summary>The layer mask of a micro-batch; null for all layers.</summary>
    /// <param name="microBatch">0-based within the replica.</param>
    LayerGate? Gate(int microBatch) => null;

    /// <summary>What this rank's layers keep of earlier positions of a micro-batch; null when there is nothing to go on from.</summary>
    /// <param name="microBatch">0-based within the replica.</param>
    KeyValueCache? Cache(int microBatch) => null;

    /// <summary>Last stage only: what becomes of the residual stream after the last layer.</summary>
    /// <param name="microBatch">0-based within the replica.</param>
    /// <param name="hidden_BTH">[B, T, H]; owned by the executor.</param>
    /// <returns>
    /// The scalar to be differentiated, already divided by whatever the whole global batch is divided by; null when only the forward pass
    /// runs.
    /// </returns>
    Tensor? Finish(int microBatch, Tensor hidden_BTH);
}
