using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace E3Scale.IntegrationTests.Support;

/// <summary>
/// A command and every process it started, whatever their parents, groups and sessions: all carry a variable in their environment.
/// None of them outlives the test.
/// </summary>
internal sealed partial class RunningCommand : IDisposable
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigUser1 = 10;
    public const int SigStop = 19;
    public const int SigContinue = 18;

    // Launchers hand variables of this prefix on to ranks, also on other hosts.
    private const string MarkerVariable = "E3SCALE_TEST_MARKER";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly string[] RankVariables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"];

    private readonly Process _process;
    private readonly string _marker;
    private readonly string _commandLine;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private RunningCommand(Process process, string marker)
    {
        (_process, _marker) = (process, $"{MarkerVariable}={marker}");
        _commandLine = $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}";
    }

    /// <summary>Whether the command itself has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Process id of the command itself: the launcher of a job of several ranks.</summary>
    public int Id => _process.Id;

    /// <summary>What it has written to standard error so far.</summary>
    public string Error => Text(_error);

    /// <summary>Starts a program.</summary>
    public static RunningCommand Start(ProcessStartInfo start)
    {
        string marker = Guid.NewGuid().ToString("N");
        start.Environment[MarkerVariable] = marker;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var running = new RunningCommand(new Process { StartInfo = start }, marker);
        running._process.OutputDataReceived += (_, line) => Append(running._output, line.Data);
        running._process.ErrorDataReceived += (_, line) => Append(running._error, line.Data);
        running._process.Start();
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Waits for the end; past the timeout everything is killed.</summary>
    public CommandResult Wait(TimeSpan timeout)
    {
        bool ended = _process.WaitForExit(timeout);
        IReadOnlyList<string> leftBehind = ended ? WaitForMembers() : [];
        KillMembers();
        Drain();
        return new CommandResult(_commandLine, ended ? _process.ExitCode : -1, !ended, Text(_output), Text(_error), leftBehind);
    }

    /// <summary>Waits until something is so. False when the command ended before; all that it wrote has been read then.</summary>
    public bool WaitUntil(Func<bool> condition, TimeSpan timeout)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_process.HasExited)
            {
                Drain();
                return false;
            }
            if (Stopwatch.GetElapsedTime(start) > timeout)
                throw new TimeoutException($"{_commandLine}: nothing happened for {timeout}\n{Text(_error)}");
            Thread.Sleep(2);
        }
        return true;
    }

    /// <summary>Whether a rank of the job is there.</summary>
    public bool HasRanks => Members().Any(process => Environ(process).Any(
        variable => RankVariables.Any(name => variable.StartsWith(name + "=", StringComparison.Ordinal))));

    /// <summary>Sends a signal to one rank of the job. False when it is gone already.</summary>
    public bool SignalRank(int rank, int signal)
    {
        string[] wanted = [.. RankVariables.Select(variable => $"{variable}={rank}")];
        foreach (int process in Members())
            if (Environ(process).Intersect(wanted).Any())
                return Kill(process, signal) == 0;
        return false;
    }

    /// <summary>Sends a signal to the command itself.</summary>
    public void Signal(int signal) => _ = Kill(_process.Id, signal);

    public void Dispose()
    {
        KillMembers();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Reads what an ended command wrote last. A process that it left behind may hold its output open, so not for ever.</summary>
    private void Drain() => _process.WaitForExitAsync().Wait(Grace);

    /// <summary>What is still there once the command is gone and its ranks had a moment to follow.</summary>
    private List<string> WaitForMembers()
    {
        long start = Stopwatch.GetTimestamp();
        while (Members().Any() && Stopwatch.GetElapsedTime(start) < Grace)
            Thread.Sleep(20);
        return [.. Members().Select(process => $"{process} {ReadProc(process, "cmdline").Replace('\0', ' ')}")];
    }

    // Until none is left: one of them may start another while it is looked for.
    private void KillMembers()
    {
        while (Members().ToList() is { Count: > 0 } members)
        {
            foreach (int process in members)
                _ = Kill(process, SigKill);
            Thread.Sleep(5);
        }
    }

    private IEnumerable<int> Members() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out int process) ? process : 0)
        .Where(process => process > 0 && Environ(process).Contains(_marker));

    private static string[] Environ(int process) => ReadProc(process, "environ").Split('\0');

    private static string ReadProc(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended while it was looked at, or is somebody else's
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.AppendLine(line);
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
