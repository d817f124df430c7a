using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Tasks;
using E3Scale.MoE;

namespace E3Scale.Evaluation;

/// <summary>What a stage cost, for the summary.</summary>
/// <param name="Tokens">Positions that went through a model, over all ranks.</param>
/// <param name="Seconds">Wall clock.</param>
/// <param name="PeakMemoryBytes">Largest resident memory of a rank while the stage ran.</param>
public sealed record StageCost(
    [property: System.Text.Json.Serialization.JsonPropertyName("tokens")] long Tokens,
    [property: System.Text.Json.Serialization.JsonPropertyName("seconds")] double Seconds,
    [property: System.Text.Json.Serialization.JsonPropertyName("peak_memory_bytes")] long PeakMemoryBytes);

/// <summary>The comparison of teacher, pruned model and student.</summary>
public sealed record EvaluateOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Hugging Face folder of the exported student.</summary>
    public required string StudentFolder { get; init; }

    /// <summary>Layers of the teacher that were dropped.</summary>
    public required IReadOnlyList<int> DroppedLayers { get; init; }

    /// <summary>Branches of the teacher's other layers that were dropped. Default none.</summary>
    public DroppedBranches DroppedBranches { get; init; } = DroppedBranches.None;

    /// <summary>Packed held-out corpus.</summary>
    public required string HeldOutFile { get; init; }

    /// <summary>Folder of the teacher's logits, for its size; null when there is none.</summary>
    public string? StoreFolder { get; init; }

    /// <summary>File the summary is written to.</summary>
    public required string OutputFile { get; init; }

    /// <summary>Held-out sequences that are used; 0 for all. Default 0.</summary>
    public int HeldOutSequences { get; init; }

    /// <summary>Generated arithmetic problems of the held-out half; 0 leaves the task out. Default 0.</summary>
    public int ArithmeticItems { get; init; }

    /// <summary>Longest answer in tokens. Default 128.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>Sequences of a forward pass. Default 8.</summary>
    public int BatchSequences { get; init; } = 8;

    /// <summary>Key of the problems.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>float32 or bfloat16.</summary>
    public TorchSharp.torch.ScalarType DType { get; init; } = TorchSharp.torch.ScalarType.Float32;

    /// <summary>Benchmark tasks that all three models are scored on; null (default) for none.</summary>
    public TaskOptions? Tasks { get; init; }

    /// <summary>Arithmetic problems by length of their reasoning, answered several times; null (default) for none.</summary>
    public ChainOptions? Chains { get; init; }

    /// <summary>What the earlier stages cost, by name.</summary>
    public IReadOnlyDictionary<string, StageCost> Costs { get; init; } = new Dictionary<string, StageCost>();
}
