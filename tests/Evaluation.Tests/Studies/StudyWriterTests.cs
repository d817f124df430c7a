using System.Text.Json;
using System.Xml.Linq;
using E3Scale.Evaluation.Report;
using E3Scale.Evaluation.Studies;
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
