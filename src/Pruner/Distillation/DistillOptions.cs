using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Distillation;

/// <summary>The second phase of E3-Pruner: the mask is fixed, the weights recover.</summary>
public sealed record DistillOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>Store with the teacher's logits.</summary>
    public required string StoreFolder { get; init; }

    /// <summary>Output of the search: mask.json and the weights' state.</summary>
    public required string SearchFolder { get; init; }

    /// <summary>Output of the compensation, with which the recovery begins; null (default) for a run without one.</summary>
    public string? CompensationFolder { get; init; }

    /// <summary>Folder for metrics.jsonl and checkpoints.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Weights' training; the same record as the search's, so that the learning rate runs on.</summary>
    public required TrainOptions Train { get; init; }

    /// <summary>Steps of search and recovery together.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>What is minimised. Default: the entropy-weighted distillation loss.</summary>
    public ObjectiveOptions Objective { get; init; } = new();
}
