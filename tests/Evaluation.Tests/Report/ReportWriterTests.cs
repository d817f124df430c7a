using System.Xml;
using System.Xml.Linq;
using E3Scale.Evaluation.Report;

namespace E3Scale.Evaluation.Tests.Report;

public sealed class ReportWriterTests : IDisposable
{
    private readonly SampleRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Write_FinishedRun_StatesTheFigures()
    {
        string path = Path.Combine(_run.WriteAll().Directory, "report.html");

        ReportWriter.Write(ReportInput.Load(_run.Directory), path);

        string text = Parse(File.ReadAllText(path)).Root!.Value;
        Assert.Contains("80.0 %\nof the held-out loss gap recovered", text, StringComparison.Ordinal);
        Assert.Contains("Dropped: 5, 8, 11, 12", text, StringComparison.Ordinal);
        Assert.Contains("5,242,880", text, StringComparison.Ordinal);
        Assert.Contains("86.1 %", text, StringComparison.Ordinal);
        Assert.Contains("layer 0 (dense): kept", text, StringComparison.Ordinal);
        Assert.Contains("934 MB", text, StringComparison.Ordinal);
        Assert.Contains(Environment.Version.ToString(), text, StringComparison.Ordinal);
        Assert.Contains("# a quarter, as <Table 7> & co. do", text, StringComparison.Ordinal);
        Assert.DoesNotContain("There is no", text, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(_run.Directory, "report*"));
    }

    [Fact]
    public void Render_FinishedRun_DrawsEveryChartWithinItsPicture()
    {
        var document = Parse(ReportWriter.Render(ReportInput.Load(_run.WriteAll().Directory)));
        var pictures = Elements(document, "svg").ToList();

        // strip, importance, scores, mask, temperature, dropped, loss, learning rate, gradient norm, bytes per token, by column
        Assert.Equal(11, pictures.Count);
        foreach (var picture in pictures)
        {
            double width = double.Parse(picture.Attribute("viewBox")!.Value.Split(' ')[2]);
            foreach (var rectangle in picture.Descendants().Where(element => element.Name.LocalName == "rect"))
            {
                double left = double.Parse(rectangle.Attribute("x")!.Value), extent = double.Parse(rectangle.Attribute("width")!.Value);
                Assert.InRange(left, 0, width);
                Assert.InRange(left + extent, 0, width + 0.2);
                Assert.True(extent >= 0);
            }
        }
    }

    [Fact]
    public void Render_SearchOverBranches_NamesThem()
    {
        _run.WriteAll();
        _run.Write("importance/importance.json", """{"layers":2,"units":"branches","kl":[0.4,0.1,0.2,0.5],"protected":[]}""");
        _run.Write("search/mask.json", """
            {"version":2,"layers":2,"units":"branches","kept":[0,1],"dropped":[],"dropped_branches":{"attention":[1],"mlp":[0]},"scores":[],"protected":[]}
            """);
        _run.Write("search/trajectory.jsonl", """{"step":0,"temperature":4,"dropped":2,"scores":[2,-1,-2,1],"kept":[1,0,0,1]}""" + "\n");

        string text = Parse(ReportWriter.Render(ReportInput.Load(_run.Directory))).Root!.Value;
        Assert.Contains("Kept without attention: 1. Kept without MLP: 0.", text, StringComparison.Ordinal);
        Assert.Contains("attention of layer 1: from -2 to -2", text, StringComparison.Ordinal);
        Assert.Contains("Dropped branches", text, StringComparison.Ordinal);
        Assert.Contains("0m", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_SearchThatProtectsNoLayer_CallsNoneProtected()
    {
        string mask = Path.Combine(_run.WriteAll().Directory, "search", "mask.json");
        string before = ReportWriter.Render(ReportInput.Load(_run.Directory));
        File.WriteAllText(mask, File.ReadAllText(mask).Replace("\"method\"", "\"protected\":[],\"method\"", StringComparison.Ordinal));

        string after = ReportWriter.Render(ReportInput.Load(_run.Directory));

        Assert.Contains("swatch protected", before, StringComparison.Ordinal);
        Assert.DoesNotContain("swatch protected", after, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_MaskTrajectory_HasALinePerLayerAndRunsOfEachState()
    {
        var document = Parse(ReportWriter.Render(ReportInput.Load(_run.WriteAll().Directory)));

        var lines = Elements(document, "path").Where(path => path.Value.StartsWith("layer ", StringComparison.Ordinal));
        Assert.Equal(SampleRun.Layers, lines.Count());
        Assert.Contains(Elements(document, "rect"), cell => cell.Value.Trim() == "layer 0, kept from step 0 to 119");
        Assert.Contains(Elements(document, "rect"), cell => cell.Value.StartsWith("layer 12, dropped from step", StringComparison.Ordinal)
            && cell.Value.Trim().EndsWith("to 119", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_BenchmarkTasks_StandBesideEachOtherWithTheirErrors()
    {
        string summary = Path.Combine(_run.WriteAll().Directory, "eval", "summary.json");
        Assert.DoesNotContain("Benchmark tasks", ReportWriter.Render(ReportInput.Load(_run.Directory)), StringComparison.Ordinal);
        const string Result = """ "tasks": [{"task": "arc_easy", "file": "arc_easy.jsonl", "n": 100, "shots": 0, "metric": "acc", "acc": SHARE, "acc_stderr": 0}], """;
        string text = File.ReadAllText(summary);
        foreach (var (model, share) in (ReadOnlySpan<(string, string)>)[("teacher", "0.5"), ("pruned", "0.2"), ("student", "0.4")])
            text = text.Replace($"\"{model}\": {{\"layers\"", $"\"{model}\": {{{Result.Replace("SHARE", share, StringComparison.Ordinal)} \"layers\"", StringComparison.Ordinal);
        text = text.Replace("\"agreement_top1\"",
            """ "tasks_against_teacher": [{"task": "arc_easy", "both_right": 35, "only_teacher": 15, "only_model": 5, "both_wrong": 45, "p_value": 0.0414}], "agreement_top1" """,
            StringComparison.Ordinal);
        File.WriteAllText(summary, text);

        var row = Elements(Parse(ReportWriter.Render(ReportInput.Load(_run.Directory))), "tr").Single(row => row.Value.Contains("arc_easy", StringComparison.Ordinal));
        Assert.Equal(
            ["arc_easy", "acc", "0", "100", "50.0 % ± 5.0 %", "20.0 % ± 4.0 %", "40.0 % ± 4.9 %", "0.041"],
            row.Elements().Select(cell => cell.Value.Trim()));
    }

    [Fact]
    public void Render_ReasoningChains_HasTablesAndChartsOfThreeModels()
    {
        string summary = Path.Combine(_run.WriteAll().Directory, "eval", "summary.json");
        Assert.DoesNotContain("Reasoning chains", ReportWriter.Render(ReportInput.Load(_run.Directory)), StringComparison.Ordinal);
        const string Result = """
             "chains": {"samples": 8, "temperature": 0.6, "top_p": 0.95, "lengths": [{"steps": 2, "n": 100, "exact_match": SHARE, "exact_match_stderr": 0, "tries": []}],
              "tries": [{"k": 1, "pass": SHARE, "pass_stderr": 0.02, "majority": SHARE, "majority_stderr": null}]},
            """;
        string text = File.ReadAllText(summary);
        foreach (var (model, share) in (ReadOnlySpan<(string, string)>)[("teacher", "0.9"), ("pruned", "0.1"), ("student", "0.5")])
            text = text.Replace($"\"{model}\": {{\"layers\"", $"\"{model}\": {{{Result.Replace("SHARE", share, StringComparison.Ordinal)} \"layers\"", StringComparison.Ordinal);
        File.WriteAllText(summary, text);

        XDocument page = Parse(ReportWriter.Render(ReportInput.Load(_run.Directory)));

        Assert.Contains(Elements(page, "tr"), row => row.Elements().Select(cell => cell.Value.Trim()).SequenceEqual(
            ["2", "100", "90.0 % ± 3.0 %", "10.0 % ± 3.0 %", "50.0 % ± 5.0 %"]));
        Assert.Contains(Elements(page, "tr"), row => row.Elements().Select(cell => cell.Value.Trim()).SequenceEqual(
            ["1", "90.0 % ± 2.0 %", "90.0 %", "10.0 % ± 2.0 %", "10.0 %", "50.0 % ± 2.0 %", "50.0 %"]));
        Assert.Equal(14, Elements(page, "svg").Count()); // accuracy by length, pass@k and maj@k besides the others
    }

    [Fact]
    public void Render_EmptyRun_SaysWhichStagesAreMissing()
    {
        string text = Parse(ReportWriter.Render(ReportInput.Load(_run.Directory))).Root!.Value;

        Assert.Contains("the evaluate stage has not run", text, StringComparison.Ordinal);
        Assert.Contains("the importance stage has not run", text, StringComparison.Ordinal);
        Assert.Contains("the search stage has not run", text, StringComparison.Ordinal);
        Assert.Contains("the distill stage has not run", text, StringComparison.Ordinal);
        Assert.Contains("the capture stage has not run", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_SameInput_GivesTheSameText()
    {
        _run.WriteAll();

        Assert.Equal(ReportWriter.Render(ReportInput.Load(_run.Directory)), ReportWriter.Render(ReportInput.Load(_run.Directory)));
    }

    [Fact]
    public void Render_OneStepOnly_StillDraws()
    {
        _run.Write("search/trajectory.jsonl", "{\"step\":3,\"temperature\":1,\"dropped\":1,\"scores\":[1,1],\"kept\":[1,0]}\n");
        _run.Write("distill/metrics.jsonl", "{\"step\":1,\"loss\":\"NaN\",\"learning_rate\":0}\n");

        string text = ReportWriter.Render(ReportInput.Load(_run.Directory));

        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_AnyRun_NeedsNothingFromElsewhere()
    {
        string text = ReportWriter.Render(ReportInput.Load(_run.WriteAll().Directory)).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);

        Assert.DoesNotContain("http", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_FolderIsNotThere_ThrowsAndLeavesNothing()
    {
        string path = Path.Combine(_run.Directory, "gone", "report.html");

        Assert.ThrowsAny<IOException>(() => ReportWriter.Write(ReportInput.Load(_run.Directory), path));
    }

    private static IEnumerable<XElement> Elements(XDocument document, string name) =>
        document.Descendants().Where(element => element.Name.LocalName == name);

    private static XDocument Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }
}
