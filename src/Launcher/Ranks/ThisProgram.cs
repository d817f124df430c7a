namespace E3Scale.Launcher.Ranks;

/// <summary>How to start this program once more.</summary>
internal static class ThisProgram
{
    /// <summary>Program and first arguments: artifacts/e3scale names itself; under "dotnet e3scale.dll" the program is dotnet.</summary>
    public static IReadOnlyList<string> CommandLine { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "e3scale.dll")]
        : [Environment.ProcessPath!];
}
