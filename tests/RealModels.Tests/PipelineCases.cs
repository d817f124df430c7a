namespace E3Scale.RealModels.Tests;

/// <summary>Whole runs on trained models.</summary>
internal static class PipelineCases
{
    /// <summary>File that the target RealModels wants the table in; without it only the first run is made.</summary>
    public const string ReportVariable = "E3SCALE_REAL_MODELS_REPORT";

    /// <summary>The file of <see cref="ReportVariable"/>, or null.</summary>
    public static string? ReportFile => Environment.GetEnvironmentVariable(ReportVariable) is { Length: > 0 } path ? path : null;

    /// <summary>Model, mesh, layers to drop, whether the first and the last layer stay, and the layers that must be found, or none.</summary>
    public static TheoryData<string, string, int, bool, int[]> Selected
    {
        get
        {
            // The last layer of both constructed models is an inserted one.
            var runs = new TheoryData<string, string, int, bool, int[]> { { "stories260K-id10", "1x1x2", 5, false, [1, 3, 4, 7, 9] } };
            if (ReportFile is null)
                return runs;
            runs.Add("stories260K-id10", "2x1x1", 4, true, [1, 3, 4, 7]);
            runs.Add("babyllama105-near12", "1x1x2", 7, false, [1, 3, 5, 6, 8, 9, 11]);
            runs.Add("babyllama105-near12", "2x1x1", 6, true, [1, 3, 5, 6, 8, 9]);
            runs.Add("stories260K", "1x1x2", 1, true, []);
            runs.Add("babyllama105", "2x1x2", 1, true, []);
            return runs;
        }
    }
}
