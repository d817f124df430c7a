using E3Scale.MoE;
using E3Scale.Pruner.Selection;

namespace E3Scale.Pruner.Importance;

/// <summary>Leave-one-out importance of the layers, or of their branches.</summary>
public sealed record ImportanceOptions
{
    /// <summary>Hugging Face folder of the teacher.</summary>
    public required string TeacherFolder { get; init; }

    /// <summary>Packed training corpus; calibration sequences are drawn from it.</summary>
    public required string CorpusFile { get; init; }

    /// <summary>File the result is written to.</summary>
    public required string OutputFile { get; init; }

    /// <summary>Calibration sequences. Default 40, the paper's.</summary>
    public int Sequences { get; init; } = 40;

    /// <summary>How many layers the greedy divergence lets go, and which not; null (default) to leave it out.</summary>
    public SelectionTarget? Greedy { get; init; }

    /// <summary>Sequences of a forward pass. Default 8.</summary>
    public int MicroBatchSequences { get; init; } = 8;

    /// <summary>Key of the choice of sequences.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What is left out: layers, or branches of layers. Default: layers, the paper's.</summary>
    public PruningUnits Units { get; init; } = PruningUnits.Layers;

    /// <summary>Whether each unit's time in a forward pass is measured too, for a budget of time. Default false.</summary>
    public bool MeasuresTimes { get; init; }

    /// <summary>float32 or bfloat16.</summary>
    public TorchSharp.torch.ScalarType DType { get; init; } = TorchSharp.torch.ScalarType.Float32;
}
