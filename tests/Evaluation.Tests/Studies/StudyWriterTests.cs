using System.Text.Json;
using System.Xml.Linq;
using E3Scale.Evaluation.Chains;
using E3Scale.Evaluation.Report;
using E3Scale.Evaluation.Report.RunFiles;
using E3Scale.Evaluation.Studies;
using E3Scale.Evaluation.Tasks;
using E3Scale.Evaluation.Tests.Report;

namespace E3Scale.Evaluation.Tests.Studies;

public sealed class StudyWriterTests : IDisposable
{
    private readonly SampleRun _sample = new SampleRun().WriteAll();
    private readonly string _folder = Directory.CreateTempSubdirectory("e3scale-study-").FullName;

    public void Dispose()
    {
        _sample.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Markdown_TwoSeeds_HasMeansAndErrorsUnderTheTeacher()
    {
        string text = StudyWriter.Markdown(Study(Run("quarter", "E3-Pruner", 1, 1.96), Run("quarter", "E3-Pruner", 2, 2.00), Run("quarter", "random", 1, 2.5)));

        // Mean 1.98; both are 0.02 from it, so the standard error is sqrt(2 * 0.0004 / 1 / 2) = 0.02.
        Assert.Contains("| E3-Pruner | 1.9800 ± 0.0200 |", text, StringComparison.Ordinal);
        Assert.Contains("| random | 2.5000 |", text, StringComparison.Ordinal);
        Assert.Contains("| teacher | 1.8000 ± 0.0000 |", text, StringComparison.Ordinal);
        Assert.Contains("5 8 11 12 (x2)", text, StringComparison.Ordinal);
        Assert.Contains("1 runs are missing", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_NamesWithCommasAndQuotes_AreQuoted()
    {
        string[] lines = StudyWriter.Csv(Study(Run("50%, \"half\"", "E3-Pruner", 3, 1.96))).TrimEnd('\n').Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.StartsWith("column,arm,seed,dropped_layers,heldout_loss,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("\"50%, \"\"half\"\"\",E3-Pruner,3,5 8 11 12,1.96,", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Json_HoldsEveryRunAndCell()
    {
        using JsonDocument json = JsonDocument.Parse(StudyWriter.Json(Study(Run("quarter", "random", 1, 2.5), Run("quarter", "E3-Pruner", 1, 1.96))));

        JsonElement root = json.RootElement;
        Assert.Equal(2, root.GetProperty("missing").GetInt32());
        Assert.Equal(2.5, root.GetProperty("runs")[0].GetProperty("metrics").GetProperty("heldout_loss").GetDouble());
        Assert.Equal(1.8, root.GetProperty("runs")[0].GetProperty("teacher").GetProperty("heldout_loss").GetDouble());
        Assert.Equal(0.7, root.GetProperty("runs")[0].GetProperty("metrics").GetProperty("loss_above_teacher").GetDouble(), 12);
        JsonElement cell = root.GetProperty("cells").EnumerateArray().Single(cell => cell.GetProperty("arm").GetString() == "random");
        Assert.Equal(2.5, cell.GetProperty("metrics").GetProperty("heldout_loss").GetProperty("mean").GetDouble());
    }

    [Fact]
    public void Write_LeavesFourFiles_AndThePageIsWellFormed()
    {
        StudyWriter.Write(Study(Run("quarter", "E3-Pruner", 1, 1.96), Run("quarter", "random", 1, 2.5)), _folder);

        Assert.Equal(["study.csv", "study.html", "study.json", "study.md"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        XDocument page = XDocument.Parse(File.ReadAllText(Path.Combine(_folder, "study.html")));
        Assert.Contains(page.Descendants(), element => element.Value == "E3-Pruner: 1.96 ± 0");
    }

    [Fact]
    public void Markdown_BenchmarkTasks_HaveMeansErrorsAndAnAverage()
    {
        string text = StudyWriter.Markdown(Study(
            WithTasks(Run("quarter", "E3-Pruner", 1, 2), 0.5, 0.3), WithTasks(Run("quarter", "E3-Pruner", 2, 2), 0.6, 0.3),
            WithTasks(Run("quarter", "random", 1, 2), 0.4, null)));

        Assert.Contains("### Benchmark tasks\n\n|  | piqa (acc), % | arc_challenge (acc_norm), % | average, % |\n", text, StringComparison.Ordinal);
        // 0.5 and 0.6: mean 0.55, standard error 0.05; averages 0.4 and 0.45.
        Assert.Contains("| E3-Pruner | 55.0 ± 5.0 | 30.0 ± 0.0 | 42.5 ± 2.5 |", text, StringComparison.Ordinal);
        Assert.Contains("| random | 40.0 | – | – |", text, StringComparison.Ordinal); // an average over fewer tasks would not compare
        Assert.DoesNotContain("Benchmark tasks", StudyWriter.Markdown(Study(Run("quarter", "random", 1, 2))), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Chains_HasATableForLengthsAndForTries()
    {
        StudyResult study = Study(WithChains(Run("quarter", "SFT", 1, 2), 0.5), WithChains(Run("quarter", "SFT", 2, 2), 0.7), Run("quarter", "KD", 1, 2));
        StudyWriter.Write(study, _folder);

        string text = File.ReadAllText(Path.Combine(_folder, "study.md"));
        Assert.Contains("### Exact answers by steps of the reasoning chain, 10 problems of each length and seed\n", text, StringComparison.Ordinal);
        Assert.Contains("|  | 2 steps, % | 4 steps, % |\n", text, StringComparison.Ordinal);
        Assert.Contains("| teacher | 90.0 ± 0.0 | 80.0 ± 0.0 |", text, StringComparison.Ordinal);
        Assert.Contains("| SFT | 60.0 ± 10.0 | 50.0 ± 10.0 |", text, StringComparison.Ordinal);
        Assert.Contains("|  | pass@1, % | pass@8, % |\n", text, StringComparison.Ordinal);
        Assert.Contains("|  | maj@1, % | maj@8, % |\n", text, StringComparison.Ordinal);
        string[] csv = File.ReadAllLines(Path.Combine(_folder, "study.csv"));
        int column = Array.IndexOf(csv[0].Split(','), "chain_4_exact_match");
        Assert.Equal("0.6", csv[2].Split(',')[column]);
        XDocument page = XDocument.Parse(File.ReadAllText(Path.Combine(_folder, "study.html")));
        Assert.Contains(page.Descendants(), element => element.Value == "SFT, steps of the chain 4: 50");
        // Of two seeds only SFT's differ: a vertical line at each of its two lengths.
        XElement chart = page.Descendants().Single(element => element.Name.LocalName == "svg" && element.Value.Contains("steps of the chain", StringComparison.Ordinal));
        Assert.Equal(2, chart.Elements().Count(element => element.Name.LocalName == "line" && (string?)element.Attribute("class") == "line s0"));
        Assert.Contains(page.Descendants(), element => element.Value == "teacher, answers drawn, k 8: 100");
    }

    [Fact]
    public void Markdown_Economy_ComparesSelectionsWithE3Pruner()
    {
        string text = StudyWriter.Markdown(Study(
            WithCost(Run("quarter", "SLEB", 1, 2), "sleb", new MaskFile { Layers = 16, Kept = [], Dropped = [], ForwardTokens = 5000, GradientTokens = 1000 }, 6000),
            WithCost(Run("quarter", "E3-Pruner", 1, 2), "e3-pruner", new MaskFile { Layers = 16, Kept = [], Dropped = [], Tokens = 4000 }, 4000, capture: 8000)));

        string[] rows = text[text.IndexOf("# What it took", StringComparison.Ordinal)..].Split('\n');
        Assert.StartsWith(
            "|  | selection, tokens | of them forward only | forward and backward | selection, s | selection, peak memory of a rank, MiB |", rows[4], StringComparison.Ordinal);
        Assert.EndsWith("| with capture and importance |", rows[4], StringComparison.Ordinal); // nothing was recovered
        Assert.Equal("| SLEB | 6,000 | 5,000 | 1,000 | 2.5 | 3 | – | – | 1.50 | 0.50 |", rows[6]);
        Assert.Equal("| E3-Pruner | 4,000 | 0 | 4,000 | 2.5 | 3 | 8,000 | 7.0 | 1.00 | 1.00 |", rows[7]);
    }

    private static StudyRun WithCost(StudyRun run, string method, MaskFile mask, long tokens, long? capture = null)
    {
        var cost = new Dictionary<string, StageCostEntry> { ["search"] = new() { Tokens = tokens, Seconds = 2.5, PeakMemoryBytes = 3 << 20 }, ["distill"] = new() { Tokens = 0 } };
        if (capture is { } stored)
            cost["capture"] = new StageCostEntry { Tokens = stored, Seconds = 7, PeakMemoryBytes = 9 << 20 };
        return run with { Input = run.Input with { Mask = mask with { Method = method }, Summary = run.Input.Summary! with { Cost = cost } } };
    }

    private static StudyRun WithTasks(StudyRun run, double piqa, double? arc)
    {
        TaskResult first = new() { Task = "piqa", File = "", Items = 10, Shots = 0, Metric = "acc", Accuracy = piqa };
        TaskResult second = new() { Task = "arc_challenge", File = "", Items = 10, Shots = 0, Metric = "acc_norm", NormalizedAccuracy = arc };
        return WithStudent(run, model => model with { Tasks = arc is null ? [first] : [first, second] });
    }

    private static StudyRun WithChains(StudyRun run, double share)
    {
        StudyRun student = WithStudent(run, model => model with { Chains = Chains(share, 0.9) });
        return student with { Input = student.Input with { Summary = student.Input.Summary! with { Teacher = student.Input.Summary.Teacher with { Chains = Chains(0.9, 1) } } } };
    }

    private static StudyRun WithStudent(StudyRun run, Func<ModelResult, ModelResult> change) =>
        run with { Input = run.Input with { Summary = run.Input.Summary! with { Student = change(run.Input.Summary.Student) } } };

    private static ChainResult Chains(double share, double pass) => new()
    {
        Samples = 8,
        Temperature = 0.6,
        TopP = 0.95,
        Lengths =
        [
            new ChainLengthResult { Steps = 2, Items = 10, ExactMatch = share, Tries = [] },
            new ChainLengthResult { Steps = 4, Items = 10, ExactMatch = share - 0.1, Tries = [] },
        ],
        Tries = [new TriesResult(1, share, 0.1, share, 0.1), new TriesResult(8, pass, 0.1, share, 0.1)],
    };

    private static StudyResult Study(params StudyRun[] runs) => new()
    {
        Title = "Table of <tests>",
        Command = "e3scale study table.yaml",
        Version = "1.2.3",
        Columns = [.. runs.Select(run => run.Column).Distinct()],
        Arms = [.. runs.Select(run => run.Arm).Distinct()],
        Seeds = runs.Any(run => run.Seed == 3) ? [3] : [1, 2],
        Runs = runs,
    };

    private StudyRun Run(string column, string arm, long seed, double loss)
    {
        ReportInput input = ReportInput.Load(_sample.Directory);
        return new StudyRun(column, arm, seed, "runs/x", input with
        {
            Summary = input.Summary! with { Student = input.Summary.Student with { HeldoutLoss = loss } },
        });
    }
}
