using E3Scale.MoE;

namespace E3Scale.Evaluation.Report.RunFiles;

/// <summary>The file <c>importance/importance.json</c>: leave-one-out divergence of every layer, or branch.</summary>
public sealed record ImportanceFile
{
    /// <summary>Layers of the teacher, L.</summary>
    public required int Layers { get; init; }

    /// <summary>What <see cref="Kl"/> has an entry for; layers in files that do not say.</summary>
    public PruningUnits Units { get; init; }

    /// <summary>Mean KL divergence of the teacher from the teacher without unit i, nats per token.</summary>
    public required IReadOnlyList<double> Kl { get; init; }

    /// <summary>Layers that the search may not drop.</summary>
    public IReadOnlyList<int> Protected { get; init; } = [];

    /// <summary>Sequences the divergence was measured on.</summary>
    public int CalibrationSequences { get; init; }

    /// <summary>Tokens the divergence was measured on.</summary>
    public long Tokens { get; init; }
}
