namespace E3Scale.Pruner.Selection;

/// <summary>Choosing layers by a method that leaves the teacher as it is.</summary>
public sealed record SelectionOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus; calibration sequences are drawn from it.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>Folder for mask.json.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Layers that stay, protected ones included.</summary>
    public required int KeepLayers { get; init; }

    /// <summary>Whether the first and the last layer always stay. Default true, E3-Pruner's.</summary>
    public bool ProtectsEnds { get; init; } = true;

    /// <summary>Calibration sequences. Default 40.</summary>
    public int Sequences { get; init; } = 40;

    /// <summary>Sequences of a forward pass. Default 8.</summary>
    public int MicroBatchSequences { get; init; } = 8;

    /// <summary>What methods by <see cref="ProbeMetric.Task"/> judge with; null (default) for none.</summary>
    public ITaskMetric? Task { get; init; }

    /// <summary>Key of every random draw.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>float32 or bfloat16.</summary>
    public TorchSharp.torch.ScalarType DType { get; init; } = TorchSharp.torch.ScalarType.Float32;
}
