using System.Globalization;

namespace E3Scale.TestSupport.Fuzzing;

/// <summary>How many damaged files the fuzz tests of a kind of file read: a few thousand, or as many as the target Fuzz asks for.</summary>
internal static class FuzzFiles
{
    /// <summary>Files over all tests of a kind; set by the target Fuzz.</summary>
    private const string Variable = "E3SCALE_FUZZ_FILES";
    private const int Default = 3000;

    /// <summary>A share of them.</summary>
    public static int Share(int percent)
    {
        string? files = Environment.GetEnvironmentVariable(Variable);
        return (files is null ? Default : int.Parse(files, CultureInfo.InvariantCulture)) * percent / 100;
    }
}
