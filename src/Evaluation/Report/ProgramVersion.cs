using System.Reflection;

namespace E3Scale.Evaluation.Report;

/// <summary>Which program wrote a result.</summary>
public static class ProgramVersion
{
    /// <summary>Version and, of a build in a checkout, the commit.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
