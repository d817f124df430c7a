using E3Scale.IntegrationTests.Support;

namespace E3Scale.RealModels.Tests;

/// <summary>A whole run on a trained model.</summary>
/// <param name="Model">Folder below the reference data's models.</param>
/// <param name="Mesh">Ranks.</param>
/// <param name="DropLayers">Layers to drop.</param>
/// <param name="ProtectEnds">Whether the first and the last layer stay.</param>
/// <param name="Expected">Layers that must be dropped; null when the right answer is not known.</param>
public sealed record PipelineCase(string Model, string Mesh, int DropLayers, bool ProtectEnds, string? Expected)
{
    /// <summary>File that the target RealModels wants the table in; without it only the first case runs.</summary>
    public const string ReportVariable = "E3SCALE_REAL_MODELS_REPORT";

    // The last layer of both constructed models is an inserted one.
    private static readonly PipelineCase[] s_all =
    [
        new("stories260K-id10", "1x1x2", 5, ProtectEnds: false, "1, 3, 4, 7, 9"),
        new("stories260K-id10", "2x1x1", 4, ProtectEnds: true, "1, 3, 4, 7"),
        new("babyllama105-near12", "1x1x2", 7, ProtectEnds: false, "1, 3, 5, 6, 8, 9, 11"),
        new("babyllama105-near12", "2x1x1", 6, ProtectEnds: true, "1, 3, 5, 6, 8, 9"),
        new("stories260K", "1x1x2", 1, ProtectEnds: true, Expected: null),
        new("babyllama105", "2x1x2", 1, ProtectEnds: true, Expected: null),
    ];

    /// <summary>The file of <see cref="ReportVariable"/>, or null.</summary>
    public static string? ReportFile => Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } path ? path : null;

    /// <summary>The cases to run.</summary>
    public static IEnumerable<PipelineCase> Selected => ReportFile is null ? s_all.Take(1) : s_all;

    internal MeshOf MeshShape => Mesh.Split('x').Select(int.Parse).ToArray() is [var pipeline, var expert, var data]
        ? new MeshOf(pipeline, expert, data)
        : throw new FormatException(Mesh);
}
