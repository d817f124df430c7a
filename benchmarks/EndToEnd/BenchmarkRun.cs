using System.Diagnostics;
using System.Globalization;
using E3Scale.Launcher.Ranks;
using E3Scale.Mpi;

namespace E3Scale.Benchmarks;

/// <summary>What a benchmark gets: a folder, rank jobs, and a place for its tables.</summary>
/// <param name="name">Of the benchmark.</param>
/// <param name="folder">Its scratch folder; removed afterwards.</param>
internal sealed class BenchmarkRun(string name, string folder)
{
    /// <summary>Scratch folder.</summary>
    public string Folder => folder;

    /// <summary>Runs a job of this program's ranks to its end.</summary>
    /// <param name="ranks">How many.</param>
    /// <param name="part">Passed on to <see cref="IBenchmark.RunRank"/>.</param>
    /// <param name="threads">Threads of a rank.</param>
    /// <returns>The folder that the ranks left their results in.</returns>
    /// <exception cref="InvalidOperationException">A rank failed; its own words are on the screen.</exception>
    public string RunRanks(int ranks, string part, int threads = 1)
    {
        string results = Directory.CreateDirectory(Path.Combine(folder, $"{part}-{ranks}")).FullName;
        MpiInstallation mpi = MpiInstallation.Choose();
        Dictionary<string, string> variables = new(RankEnvironment.Defaults)
        {
            ["OMP_NUM_THREADS"] = $"{threads}",
            ["TERM"] = "dumb",
            [MpiInstallation.LibraryVariable] = MpiInstallation.NameOf(mpi.Implementation),
        };
        JobCommand command = new JobCommandBuilder(mpi.Implementation, ranks, variables).WithMpirun(
            mpi.Mpirun, [Environment.ProcessPath!, typeof(BenchmarkRun).Assembly.Location, Program.RankWord, name, part, results]);
        var start = new ProcessStartInfo(command.Program, command.Arguments);
        foreach (var (variable, value) in command.Environment)
            start.Environment[variable] = value;
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0 ? results : throw new InvalidOperationException($"{name}: job {part} of {ranks} ranks ended with exit code {process.ExitCode}");
    }

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    /// <param name="values">At least one.</param>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Median and range of ratios, for a table's cell.</summary>
    /// <param name="ratios">At least one.</param>
    public static string Spread(IReadOnlyCollection<double> ratios) => $"{Text(Median(ratios), 2)} ({Text(ratios.Min(), 2)} to {Text(ratios.Max(), 2)})";

    /// <summary>A number for a table's cell.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">After the point.</param>
    public static string Text(double value, int digits) => value.ToString("F" + digits, CultureInfo.InvariantCulture);

    /// <summary>Shows a table in Markdown.</summary>
    /// <param name="columns">Headings.</param>
    /// <param name="rows">Cells.</param>
    public static void Show(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Console.WriteLine($"| {string.Join(" | ", columns)} |");
        Console.WriteLine($"|{string.Concat(Enumerable.Repeat(" --- |", columns.Count))}");
        foreach (IReadOnlyList<string> row in rows)
            Console.WriteLine($"| {string.Join(" | ", row)} |");
        Console.WriteLine();
    }
}
