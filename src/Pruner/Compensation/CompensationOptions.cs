using E3Scale.Pruner.Training;

namespace E3Scale.Pruner.Compensation;

/// <summary>Measuring a compensation.</summary>
public sealed record CompensationOptions
{
    /// <summary>Which; not <see cref="CompensationMethod.None"/>.</summary>
    public required CompensationMethod Method { get; init; }

    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus; calibration sequences are drawn from it.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>Output of the search or selection: mask.json and, where weights were trained, their state.</summary>
    public required string SearchFolder { get; init; }

    /// <summary>Folder for compensation.json.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The training's settings: they say what the search trained.</summary>
    public required TrainOptions Train { get; init; }

    /// <summary>Calibration sequences. Default 128, the published number.</summary>
    public int Sequences { get; init; } = 128;

    /// <summary>Sequences of a forward pass. Default 8.</summary>
    public int MicroBatchSequences { get; init; } = 8;
}
