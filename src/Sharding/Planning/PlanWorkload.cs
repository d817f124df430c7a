using E3Scale.MoE;
using TorchSharp;

namespace E3Scale.Sharding.Planning;

/// <summary>The run that is planned: what a recipe says, as far as memory and time go.</summary>
public sealed record PlanWorkload
{
    /// <summary>Positions of a sequence.</summary>
    public int SequenceLength { get; init; } = 4096;

    /// <summary>Sequences of an optimiser step, over all ranks.</summary>
    public int BatchSequences { get; init; } = 128;

    /// <summary>Sequences of one forward and backward pass on one rank.</summary>
    public int MicroBatchSequences { get; init; } = 1;

    /// <summary>Optimiser steps of search and recovery together.</summary>
    public int Steps { get; init; } = 1200;

    /// <summary>Optimiser steps of the search.</summary>
    public int SearchSteps { get; init; } = 120;

    /// <summary>Layers that the search drops.</summary>
    public int DropLayers { get; init; }

    /// <summary>Type of weights and activations: float32 or bfloat16.</summary>
    public torch.ScalarType DType { get; init; } = torch.ScalarType.Float32;

    /// <summary>Adapters that are trained while all else is frozen; null trains every parameter.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>Logits that the training loss needs per position; null for the whole vocabulary.</summary>
    public int? LogitsPerPosition { get; init; }

    /// <summary>Positions whose teacher logits are captured.</summary>
    public long CaptureTokens { get; init; }

    /// <summary>Bytes of the teacher's weights on disk.</summary>
    public long CheckpointBytes { get; init; }

    /// <summary>Sequences that importance is measured on.</summary>
    public int ImportanceSequences { get; init; } = 40;

    /// <summary>Times that importance is measured, each time with one layer less. Default 1; with a greedy start as many as layers go.</summary>
    public int ImportanceRounds { get; init; } = 1;

    /// <summary>Bytes of the logit store's decompressed record batches that a reader keeps.</summary>
    public long StoreCacheBytes { get; init; }

    /// <summary>How the matrices of frozen layers are kept when only adapters are trained.</summary>
    public FrozenStorage Frozen { get; init; } = FrozenStorage.Same;

    /// <summary>True when data ranks share master weights and moments (ZeRO stage 1) instead of each keeping all of them.</summary>
    public bool ShardsStates { get; init; } = true;

    /// <summary>True when a layer's activations are computed again in the backward pass instead of kept.</summary>
    public bool Recompute { get; init; }

    /// <summary>Order of forward and backward passes.</summary>
    public IPipelineSchedule Schedule { get; init; } = new OneForwardOneBackward();

    /// <summary>Positions of a micro-batch.</summary>
    public long MicroBatchTokens => (long)MicroBatchSequences * SequenceLength;

    /// <summary>Micro-batches that one replica works on in a step.</summary>
    /// <param name="shape">The mesh.</param>
    public int MicroBatches(MeshShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return BatchSequences / MicroBatchSequences / shape.Data;
    }

    /// <summary>Bytes that weights of a kind take per parameter, scales of FP8 blocks included.</summary>
    /// <param name="kind">Kind of weight.</param>
    public double BytesPerWeight(WeightKind kind)
    {
        return Lora is null || !kind.IsLayerMatrix() ? DType.ElementSize() : Frozen switch
        {
            FrozenStorage.BFloat16 => 2,
            FrozenStorage.Fp8 => 1 + sizeof(float) / (128.0 * 128),
            _ => DType.ElementSize(),
        };
    }

    /// <summary>Whether the weights of a kind carry adapters; false where all are trained.</summary>
    /// <param name="kind">Kind of weight.</param>
    public bool HasAdapter(WeightKind kind) => Lora is { } lora && lora.Targets.HasFlag(kind switch
    {
        WeightKind.Attention => LoraTargets.Attention,
        WeightKind.DenseMlp => LoraTargets.DenseMlp,
        WeightKind.SharedExperts => LoraTargets.SharedExperts,
        WeightKind.RoutedExperts => LoraTargets.RoutedExperts,
        _ => (LoraTargets)~0,
    });
}
