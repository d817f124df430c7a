using System.Diagnostics;
using System.Text.Json;

namespace E3Scale.Benchmarks.Peers;

/// <summary>
/// Programs in plain PyTorch that do the same work the usual way, each printing its figures as lines of JSON. They lie in the folder <c>peers</c> beside
/// the data that benchmarks read, and need Python with PyTorch (Debian: python3-torch).
/// </summary>
internal static class PeerPrograms
{
    private const string SharedVariable = "E3SCALE_SHARED";
    private const string Python = "/usr/bin/python3"; // the one that Debian's packages are for

    private static string Folder => Path.Combine(Environment.GetEnvironmentVariable(SharedVariable) ?? "../shared", "peers");

    /// <summary>Whether they can be run; says on the screen what is missing.</summary>
    public static bool AreThere()
    {
        if (!Directory.Exists(Folder))
            Console.WriteLine($"{Folder}: no such folder, so there is nothing to compare with. {SharedVariable} names the folder that has peers/.\n");
        else
            return HasTorch();
        return false;
    }

    /// <summary>Whether PyTorch is there, for those that need no program; says on the screen when it is not.</summary>
    public static bool HasTorch()
    {
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import torch"]) { RedirectStandardError = true });
        process?.StandardError.ReadToEnd();
        process?.WaitForExit();
        if (process?.ExitCode == 0)
            return true;
        Console.WriteLine($"{Python} cannot import torch, so there is nothing to compare with. Install python3-torch.\n");
        return false;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <param name="script">File name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>The lines of JSON that it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed; its own words are on the screen.</exception>
    public static IReadOnlyList<JsonElement> Run(string script, params string[] arguments) => Python3([Path.Combine(Folder, script), .. arguments]);

    /// <summary>Runs a few lines of Python to their end.</summary>
    /// <param name="code">The lines.</param>
    /// <param name="arguments">Their arguments, from sys.argv[1] on.</param>
    /// <inheritdoc cref="Run"/>
    public static IReadOnlyList<JsonElement> RunCode(string code, params string[] arguments) => Python3(["-c", code, .. arguments]);

    /// <summary>A number of a line, by the names on the way to it.</summary>
    /// <param name="line">What a program printed.</param>
    /// <param name="path">Names of fields, from the outside in.</param>
    public static double Number(this JsonElement line, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
            line = line.GetProperty(name);
        return line.GetDouble();
    }

    private static IReadOnlyList<JsonElement> Python3(IReadOnlyList<string> words)
    {
        var start = new ProcessStartInfo(Python, words) { RedirectStandardOutput = true };
        start.Environment.Remove("OMP_NUM_THREADS"); // the programs set their threads themselves
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))]
            : throw new InvalidOperationException($"{Python} {string.Join(' ', words)} ended with exit code {process.ExitCode}");
    }
}
