using E3Scale.MoE;
using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Export;

/// <summary>Writing the student as a Hugging Face folder.</summary>
public sealed record ExportStageOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Output of the search, with mask.json.</summary>
    public required string SearchFolder { get; init; }

    /// <summary>Output of the recovery, with its checkpoints; not looked at when there was none.</summary>
    public required string DistillFolder { get; init; }

    /// <summary>Output of the compensation; null (default) for a run without one.</summary>
    public string? CompensationFolder { get; init; }

    /// <summary>What becomes of patches of the residual stream, where the compensation has some. Default: they are refused.</summary>
    public PatchExport Patches { get; init; } = PatchExport.Refuse;

    /// <summary>Folder of the student.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The training's settings: they say whether there are adapters to merge.</summary>
    public required TrainOptions Train { get; init; }

    /// <summary>
    /// Steps of search and recovery together: the checkpoint that is exported. Null without a recovery: then the weights are those that the search
    /// ended with, or the teacher's where nothing was trained.
    /// </summary>
    public required int? TotalSteps { get; init; }

    /// <summary>Positions of a sequence, for the balance of the stages.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>How the exported weights are stored. Default float32: nothing is rounded.</summary>
    public WeightFormat Weights { get; init; } = WeightFormat.Fp32;

    /// <summary>Bytes of data a file holds at most, unless a single weight is larger.</summary>
    public long MaxShardBytes { get; init; } = ExportOptions.DefaultMaxShardBytes;

    /// <summary>Whether the teacher's multi-token-prediction layers go along, untrained.</summary>
    public bool KeepsPrediction { get; init; }
}
