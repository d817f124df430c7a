using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using E3Scale.Sharding;

namespace E3Scale.Evaluation.Studies;

/// <summary>Writes the results of a study: study.md, study.csv, study.json and study.html.</summary>
public static class StudyWriter
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes all files; each appears whole or not at all.</summary>
    /// <param name="study">The results so far.</param>
    /// <param name="folder">Folder of the study.</param>
    public static void Write(StudyResult study, string folder)
    {
        JsonFile.WriteText(Path.Combine(folder, "study.md"), Markdown(study));
        JsonFile.WriteText(Path.Combine(folder, "study.csv"), Csv(study));
        JsonFile.WriteText(Path.Combine(folder, "study.json"), Json(study));
        JsonFile.WriteText(Path.Combine(folder, "study.html"), StudyPage.Render(study));
    }

    /// <summary>The tables, for people.</summary>
    public static string Markdown(StudyResult study)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {study.Title}\n\n    {study.Command}\n\n{Provenance(study)}\n");
        foreach (string column in study.Columns)
        {
            Append(text, "##", StudyTable.Quality(study, column));
            foreach (StudyTable table in StudyTable.Questions(study, column))
                Append(text, "###", table);
        }
        text.Append("\n# What it took\n");
        foreach (string column in study.Columns)
            Append(text, "##", StudyTable.Cost(study, column));
        return text.ToString();
    }

    /// <summary>A line for each run, for spreadsheets: RFC 4180, numbers with all digits.</summary>
    public static string Csv(StudyResult study)
    {
        var text = new StringBuilder();
        var metrics = StudyMetric.Of(study);
        string[] header = ["column", "arm", "seed", "dropped_layers", .. metrics.Select(metric => metric.Name), .. metrics.Where(IsOfTeacher).Select(TeacherName)];
        text.AppendJoin(',', header).Append('\n');
        foreach (StudyRun run in study.Runs)
        {
            string[] cells =
            [
                run.Column, run.Arm, run.Seed.ToString(CultureInfo.InvariantCulture), string.Join(' ', run.Input.Mask?.Dropped ?? []),
                .. metrics.Select(metric => Cell(metric.OfRun(run))),
                .. metrics.Where(IsOfTeacher).Select(metric => Cell(metric.OfTeacher!(run))),
            ];
            text.AppendJoin(',', cells.Select(Quoted)).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Everything, for programs.</summary>
    public static string Json(StudyResult study)
    {
        var metrics = StudyMetric.Of(study);
        return JsonSerializer.Serialize(
            new
            {
                title = study.Title,
                command = study.Command,
                version = study.Version,
                columns = study.Columns,
                arms = study.Arms,
                seeds = study.Seeds,
                missing = study.Missing,
                cells = study.Columns.SelectMany(column => study.Arms.Select(arm => new { column, arm, metrics = Statistics(study, metrics, column, arm) })),
                runs = study.Runs.Select(run => new
                {
                    column = run.Column,
                    arm = run.Arm,
                    seed = run.Seed,
                    folder = run.Folder,
                    dropped_layers = run.Input.Mask?.Dropped,
                    metrics = metrics.ToDictionary(metric => metric.Name, metric => metric.OfRun(run)),
                    teacher = metrics.Where(IsOfTeacher).ToDictionary(metric => metric.Name, metric => metric.OfTeacher!(run)),
                }),
            },
            JsonOptions) + "\n";
    }

    internal static string Provenance(StudyResult study)
    {
        string missing = study.Missing == 0 ? "" : $" {study.Missing} runs are missing.";
        return $"E3Scale {study.Version}. Seeds {string.Join(", ", study.Seeds)}: mean ± standard error.{missing}";
    }

    private static Dictionary<string, object> Statistics(StudyResult study, IReadOnlyList<StudyMetric> metrics, string column, string arm) => metrics
        .Select(metric => (metric.Name, Value: study.Measure(metric, column, arm)))
        .Where(entry => entry.Value is not null)
        .ToDictionary(entry => entry.Name, entry => (object)new { mean = entry.Value!.Value.Mean, standard_error = entry.Value.Value.StandardError, n = entry.Value.Value.Count });

    private static void Append(StringBuilder text, string level, StudyTable table)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{level} {table.Title}\n\n");
        AppendRow(text, table.Header);
        AppendRow(text, table.Header.Select(_ => "---"));
        foreach (var row in table.Rows)
            AppendRow(text, row);
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

    private static bool IsOfTeacher(StudyMetric metric) => metric.OfTeacher is not null;

    private static string TeacherName(StudyMetric metric) => $"teacher_{metric.Name}";

    private static string Cell(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
